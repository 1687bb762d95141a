// RSA moduli whose factors can be found.
#pragma once

#include <openssl/types.h>

namespace daas {

/// Whether the modulus has the fingerprint of ROCA (Nemec et al., "The Return of Coppersmith's
/// Attack", CCS 2017; CVE-2017-15361): its primes are k·M + (65537^a mod M) for a product M of small
/// primes, so that modulo each of these the modulus is a power of 65537. Of other moduli about one in
/// 2^28 has it.
bool is_roca(const BIGNUM* modulus);

}  // namespace daas
