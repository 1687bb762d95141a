// An answer of any number of rows, page by page.
#pragma once

#include "serve/read_runner.hpp"

namespace daas {

/// The pages after the first one. Each is asked for when the one before is written, by Solr's cursor mark, of a
/// searcher that is no older than the one before: so no row is skipped or given twice, and one page is in
/// memory at a time. What changes meanwhile is seen by the pages that come after it.
class ReadRunner::Stream : public std::enable_shared_from_this<ReadRunner::Stream> {
 public:
  Stream(ReadRunner& runner, std::shared_ptr<const Read> read, const ReadPlan& first, const ReadAnswer& page);

  static decltype(ServerResponse::more) start(ReadRunner& runner, std::shared_ptr<const Read> read, const ReadPlan& first,
                                              const ReadAnswer& page);

 private:
  using Give = std::function<void(BodyPiece)>;

  void next(const Give& give);
  void use(ReadAnswer page, const ReadPlan& planned, const Give& give);
  std::shared_ptr<const ReadPlan> plan() const;
  /// What has been sent can't be taken back: the connection is cut.
  void fail(const ApiError& error, const Give& give) const;

  ReadRunner& runner_;
  const std::shared_ptr<const Read> read_;
  const std::string sort_;  ///< the mark is one of this order only
  std::string mark_;
  std::uint64_t left_;
  Lsn position_;
  std::chrono::steady_clock::time_point latest_{};  ///< that a replica may lag behind this page's position
};

}  // namespace daas
