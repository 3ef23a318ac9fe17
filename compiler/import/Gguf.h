// The header of one GGUF file (ggml's format; docs/gguf.md of github.com/ggml-org/ggml), versions 2 and 3,
// little-endian:
//   "GGUF" | u32 version | u64 tensors | u64 entries | entries | tensor descriptions | padding | tensor data
//   entry    string key | u32 kind | value                          string: u64 length | UTF-8
//            an array's value: u32 kind of its elements | u64 count | elements
//   tensor   string name | u32 rank | u64 sizes, innermost first | u32 type | u64 offset from the start of the data
//
// Nothing is trusted: every count, length, kind, size and offset is checked before it is used, keys and tensors are
// unique, tensors lie within the file without overlap. Memory is a few times the header's own bytes whatever its counts
// say; a header ends within 100 MB, and an array has at most 2^22 elements. Only the header is touched, so a file of
// any size costs its header.
#pragma once

#include "compiler/import/TensorType.h"
#include "runtime/base/Status.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

enum class GgufKind : uint32_t { U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64 };
// "u32"; "string".
std::string_view name(GgufKind kind);
// Bytes of one value; 0 for strings and arrays.
uint32_t bytesOf(GgufKind kind);

struct GgufEntry {
  std::string_view key;
  uint64_t at = 0;              // of the entry in the file, for messages
  GgufKind kind = GgufKind::U8; // of the value, or of an array's elements; never Array
  bool isArray = false;
  uint64_t count = 1; // elements
  uint64_t value = 0; // where in the file the value, or an array's first element, begins
};

struct GgufTensor {
  std::string_view name; // 1 to 1024 bytes, no control characters
  uint64_t at = 0;       // of the description in the file, for messages
  TensorType type = TensorType::F32;
  uint32_t rank = 0;              // 1 to 4
  std::array<int64_t, 4> sizes{}; // INNERMOST first, each at least 1; the first is whole blocks
  uint64_t offset = 0;            // in the file
  uint64_t bytes = 0;
};

// Views point into the file's bytes.
struct GgufHeader {
  uint32_t version = 0;
  uint64_t alignment = 0;          // a power of two
  uint64_t dataStart = 0;          // in the file
  std::vector<GgufEntry> entries;  // sorted by key, bytewise
  std::vector<GgufTensor> tensors; // in order of offset
};

// `bytes` is the whole file, so that sizes can be checked; `file` is how messages call it. InvalidFile: damaged, or
// against the format. Unsupported: a version, byte order or element type that is known and not read, arrays of arrays.
Result<GgufHeader> readGgufHeader(std::span<const uint8_t> bytes, const std::string &file);

} // namespace tenon
