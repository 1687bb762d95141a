// How the values of a column's type are sent: natively, as text, or not at all.
#pragma once

#include <cstdint>

extern "C" {
#include "postgres.h"
}

namespace daas {

enum class ValueEncoding : std::uint8_t {
  kByte,  ///< boolean
  kTwo,   ///< integers, floats, dates and times of so many bytes, by value
  kFour,
  kEight,
  kSixteen,    ///< uuid, by reference
  kRawText,    ///< text and character varying: the stored bytes
  kConverted,  ///< text, by the type's output function
  kOmitted,
};

constexpr bool is_native(ValueEncoding encoding) {
  return encoding != ValueEncoding::kConverted && encoding != ValueEncoding::kOmitted;
}

/// Encoding of a type. Sets `output_function` when it is kConverted.
///
/// Only output functions that come with PostgreSQL are run, looking through domains and into
/// arrays: a user's may raise an error on a stored value, which would hold up the slot at that row
/// for ever, or run anything at all with the rights of the walsender.
ValueEncoding encoding_of(Oid type, Oid* output_function);

}  // namespace daas
