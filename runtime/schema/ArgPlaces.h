// What kernels take arguments for (ArgPlace in engine.fbs): one place that knows which step buffer is which.
#pragma once

#include "tenon/schema/engine_generated.h"

#include <optional>
#include <string_view>

namespace tenon {

// The place of a step buffer; nothing for a name that is none.
inline std::optional<schema::ArgPlace> placeOfBuffer(std::string_view name) {
  struct Row {
    std::string_view name;
    schema::ArgPlace place;
  };
  static constexpr Row kRows[] = {
      {"tokens", schema::ArgPlace::Tokens},
      {"positions", schema::ArgPlace::Positions},
      {"slots", schema::ArgPlace::Slots},
      {"segments", schema::ArgPlace::Segments},
      {"block_table", schema::ArgPlace::BlockTable},
      {"rows", schema::ArgPlace::Rows},
      {"hidden", schema::ArgPlace::Values},
      {"logits", schema::ArgPlace::Values},
  };
  for (const Row &row : kRows)
    if (row.name == name)
      return row.place;
  return std::nullopt;
}

// The place that a slice is. `bufferAt(offset)` names the step buffer that begins at an offset of the io region; empty
// where none does.
template <typename BufferAt>
std::optional<schema::ArgPlace> placeOfSlice(const schema::Slice &slice, const BufferAt &bufferAt) {
  switch (slice.region()) {
  case schema::Region::Weights:
    return schema::ArgPlace::Weights;
  case schema::Region::Kv:
    return schema::ArgPlace::Kv;
  case schema::Region::Arena:
    return schema::ArgPlace::Values;
  case schema::Region::Io:
    return placeOfBuffer(bufferAt(slice.offset()));
  }
  return std::nullopt;
}

} // namespace tenon
