// The inner loops of the probe: one table row per limit and instruction set, best first within a limit.
//
// A loop keeps its operands in registers (peaks) or streams a buffer (bandwidth), so what it reaches is the machine's
// limit and nothing of ours. Each is compiled for its own instruction set whatever the build's, and is called only
// where HostFeatures has every feature of its row. To probe a new instruction set, add its row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tenon::cpu {

enum class Limit { Read, F32, Bf16, Int8 };

struct PeakRow {
  Limit limit;
  const char *isa;         // as printed: "avx512vnni"
  const char *features[3]; // LLVM names, null-terminated unless full
  double opsPerIteration;  // a multiply-add counts as two
  void (*loop)(uint64_t iterations);
};
std::span<const PeakRow> peakRows();

// Reads bytes [begin, end) of `streams` arrays, `stride` bytes apart from `base` on, side by side in steps of 128
// bytes, prefetching 1 KiB ahead. begin and end are multiples of 128, base and stride of 64. The result depends on
// every byte read.
struct ReadRow {
  const char *isa;
  const char *feature; // null: always there
  unsigned streams;
  uint64_t (*loop)(const uint8_t *base, size_t stride, size_t begin, size_t end);
};
std::span<const ReadRow> readRows();

} // namespace tenon::cpu
