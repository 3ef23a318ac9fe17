#include "passes/plan/Arena.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>
#include <tuple>
#include <vector>

using namespace tenon;

static unsigned stepsOf(llvm::ArrayRef<Buffer> buffers) {
  unsigned steps = 0;
  for (const Buffer &buffer : buffers)
    steps = std::max(steps, buffer.last + 1);
  return steps;
}

using Range = std::pair<uint64_t, uint64_t>; // begin, end

// The smallest gap between `taken` (sorted, may overlap each other) that holds `bytes`; the end of the last where none
// does.
static uint64_t bestGap(llvm::ArrayRef<Range> taken, uint64_t bytes) {
  uint64_t best = 0, bestSize = std::numeric_limits<uint64_t>::max(), free = 0;
  bool found = false;
  for (auto [begin, end] : taken) {
    if (begin >= free + bytes && begin - free < bestSize) {
      best = free;
      bestSize = begin - free;
      found = true;
    }
    free = std::max(free, end);
  }
  return found ? best : free;
}

uint64_t tenon::placeBuffers(llvm::MutableArrayRef<Buffer> buffers, uint64_t alignment) {
  std::vector<unsigned> order(buffers.size());
  std::iota(order.begin(), order.end(), 0u);
  llvm::sort(order, [&](unsigned a, unsigned b) {
    return std::make_tuple(~buffers[a].bytes, buffers[a].first, a) <
           std::make_tuple(~buffers[b].bytes, buffers[b].first, b);
  });

  std::vector<llvm::SmallVector<unsigned, 4>> placedIn(stepsOf(buffers)); // by step
  uint64_t size = 0;
  llvm::SmallVector<Range> taken;
  for (unsigned index : order) {
    Buffer &buffer = buffers[index];
    taken.clear();
    for (unsigned step = buffer.first; step <= buffer.last; ++step)
      for (unsigned other : placedIn[step])
        if (step == buffer.first || step == buffers[other].first) // each other buffer once
          taken.emplace_back(buffers[other].offset,
                             buffers[other].offset + llvm::alignTo(buffers[other].bytes, alignment));
    llvm::sort(taken);
    uint64_t bytes = llvm::alignTo(buffer.bytes, alignment);
    buffer.offset = bestGap(taken, bytes);
    size = std::max(size, buffer.offset + bytes);
    for (unsigned step = buffer.first; step <= buffer.last; ++step)
      placedIn[step].push_back(index);
  }
  return size;
}

uint64_t tenon::arenaLowerBound(llvm::ArrayRef<Buffer> buffers, uint64_t alignment) {
  std::vector<uint64_t> alive(stepsOf(buffers));
  for (const Buffer &buffer : buffers)
    for (unsigned step = buffer.first; step <= buffer.last; ++step)
      alive[step] += llvm::alignTo(buffer.bytes, alignment);
  return alive.empty() ? 0 : *llvm::max_element(alive);
}
