// One tensor of a checkpoint, as a file's header describes it.
#pragma once

#include "compiler/import/TensorType.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tenon {

struct TensorInfo {
  std::string name; // as the model families call it; UTF-8, 1 to 1024 bytes, no control characters
  TensorType type = TensorType::F32;
  std::vector<int64_t> shape; // outermost first, row-major; empty for a scalar; at most 8 sizes
  uint32_t file = 0;          // index into Checkpoint::files()
  uint64_t offset = 0;        // of the first byte in its file; NOT always a multiple of the element size
  uint64_t bytes = 0;         // blocks of the shape times the size of a block

  // What only GGUF files have.
  std::string storedName;  // the name in the file; empty where it is `name`
  uint64_t headerByte = 0; // where the file's header describes the tensor
  // Where not 0, the rows (of a vector: the elements) are those of this many heads, and within each head row 2 i + h of
  // the file is row h * headSize / 2 + i of the model.
  int64_t interleavedHeads = 0;
};

// "[2048, 5632]"
std::string shapeText(std::span<const int64_t> shape);

} // namespace tenon
