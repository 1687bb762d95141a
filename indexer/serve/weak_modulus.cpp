#include "serve/weak_modulus.hpp"

#include <openssl/bn.h>

namespace daas {

bool is_roca(const BIGNUM* modulus) {
  // Those primes up to 167 modulo which 65537 does not generate everything: the others tell nothing.
  constexpr unsigned kPrimes[] = {11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157};
  for (const unsigned prime : kPrimes) {
    const auto residue = BN_mod_word(modulus, prime);
    unsigned power = 1;
    bool found = false;
    do {
      found |= power == residue;
      power = power * (65537 % prime) % prime;
    } while (power != 1);
    if (!found) return false;
  }
  return true;
}

}  // namespace daas
