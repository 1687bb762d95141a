#include "solr/open_door.hpp"

#include <gtest/gtest.h>

namespace daas {
namespace {

TEST(OpenDoor, LoopbackIsLocalhostOrALoopbackAddressAndNoNameThatLooksLikeOne) {
  for (const auto* url : {"http://localhost:8983/solr", "http://127.0.0.1:8983/solr", "http://127.8.9.1/solr",
                          "https://[::1]:8983/solr", "http://localhost/solr"}) {
    EXPECT_TRUE(is_loopback_url(url)) << url;
  }
  for (const auto* url : {"http://0.0.0.0:8983/solr", "http://10.0.0.1:8983/solr", "http://127.evil.org/solr",
                          "http://localhost.evil.org/solr", "https://[::2]/solr", "http://[::ffff:1.2.3.4]/solr",
                          "http://solr/127.0.0.1"}) {
    EXPECT_FALSE(is_loopback_url(url)) << url;
  }
}

}  // namespace
}  // namespace daas
