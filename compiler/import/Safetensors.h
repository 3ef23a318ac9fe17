// The header of one safetensors file (github.com/huggingface/safetensors, "Format"):
//   u64 little-endian header length | that many bytes of JSON | tensor data
// The JSON maps each tensor's name to its dtype, shape and [begin, end) in the data; "__metadata__" holds strings.
//
// Everything is checked before it is used: the data must be covered by the tensors exactly, without overlap or hole,
// and each range must be the size of its shape. Only the header is touched, so a file of any size costs its header.
#pragma once

#include "compiler/import/TensorType.h"
#include "runtime/base/Status.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tenon {

inline constexpr uint64_t kMaxSafetensorsHeader = 100'000'000; // the format's own limit

struct TensorInfo {
  std::string name; // UTF-8, 1 to 1024 bytes, no control characters
  TensorType type = TensorType::F32;
  std::vector<int64_t> shape; // outermost first, row-major; empty for a scalar; at most 8 sizes
  uint32_t file = 0;          // index into Checkpoint::files()
  uint64_t offset = 0;        // of the first byte in its file; NOT always a multiple of the element size
  uint64_t bytes = 0;         // product of the shape times the element size
};

// Parses the header of the file whose bytes are `bytes` (all of them, so that sizes can be checked). `name` is how
// messages call the file, `file` goes into every TensorInfo. The result is in order of offset. Fails with InvalidFile,
// or with Unsupported for an element type that is not known even by name.
Result<std::vector<TensorInfo>> readSafetensorsHeader(std::span<const uint8_t> bytes, const std::string &name,
                                                      uint32_t file);

// "[2048, 5632]"
std::string shapeText(std::span<const int64_t> shape);

} // namespace tenon
