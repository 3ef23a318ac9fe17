// The header of one safetensors file (github.com/huggingface/safetensors, "Format"):
//   u64 little-endian header length | that many bytes of JSON | tensor data
// The JSON maps each tensor's name to its dtype, shape and [begin, end) in the data; "__metadata__" holds strings.
//
// Everything is checked before it is used: the data must be covered by the tensors exactly, without overlap or hole,
// and each range must be the size of its shape. Only the header is touched, so a file of any size costs its header.
#pragma once

#include "compiler/import/TensorInfo.h"
#include "runtime/base/Status.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tenon {

inline constexpr uint64_t kMaxSafetensorsHeader = 100'000'000; // the format's own limit

// Parses the header of the file whose bytes are `bytes` (all of them, so that sizes can be checked). `name` is how
// messages call the file, `file` goes into every TensorInfo. The result is in order of offset. Fails with InvalidFile,
// or with Unsupported for an element type that is not known even by name.
Result<std::vector<TensorInfo>> readSafetensorsHeader(std::span<const uint8_t> bytes, const std::string &name,
                                                      uint32_t file);

} // namespace tenon
