// Places buffers with known lives in one block of memory.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>

namespace tenon {

struct Buffer {
  uint64_t bytes;       // at least 1
  unsigned first, last; // the steps it is alive in, both included
  uint64_t offset = 0;  // decided by placeBuffers
};

// Gives every buffer an offset, a multiple of `alignment`, so that no two that are alive in the same step share a byte;
// returns the size of the block. Largest first (then earliest, then by index), each in the smallest gap that fits and
// is free during its whole life: the greedy-by-size order of Pisarchyk and Lee, "Efficient Memory Management for Deep
// Neural Net Inference" (2020), with best fit. Time grows with the sum of the buffers' lives times the number alive
// together.
uint64_t placeBuffers(llvm::MutableArrayRef<Buffer> buffers, uint64_t alignment);

// No placement can be smaller: the most bytes, rounded up to `alignment`, that are alive in one step.
uint64_t arenaLowerBound(llvm::ArrayRef<Buffer> buffers, uint64_t alignment);

} // namespace tenon
