// aarch64: NEON, which every such CPU has. Not timed on hardware yet.
#if defined(__aarch64__)

#include "runtime/device/cpu/ProbeLoops.h"
#include "runtime/device/cpu/ReadLoops.h"

#include <arm_neon.h>

namespace tenon::cpu {

namespace {

constexpr int kChains = 24; // latency 4 times throughput 4 is the most that known cores have

__attribute__((noinline)) void f32Neon(uint64_t n) {
  float32x4_t a = vdupq_n_f32(1.0001f), b = vdupq_n_f32(0.9999f), acc[kChains];
#pragma clang loop unroll(full)
  for (float32x4_t &x : acc) {
    x = a;
    __asm__ volatile("" : "+w"(x));
  }
  for (; n; --n) {
#pragma clang loop unroll(full)
    for (float32x4_t &x : acc)
      x = vfmaq_f32(x, a, b);
  }
#pragma clang loop unroll(full)
  for (float32x4_t &x : acc)
    __asm__ volatile("" : "+w"(x));
}

constexpr PeakRow kPeaks[] = {{Limit::F32, "neon", {"neon"}, kChains * 4 * 2, f32Neon}};
constexpr ReadRow kReads[] = {
    {"neon", nullptr, 1, readStreams<1>},   {"neon", nullptr, 4, readStreams<4>},
    {"neon", nullptr, 8, readStreams<8>},   {"neon", nullptr, 16, readStreams<16>},
    {"neon", nullptr, 24, readStreams<24>},
};

} // namespace

std::span<const PeakRow> peakRows() { return kPeaks; }
std::span<const ReadRow> readRows() { return kReads; }

} // namespace tenon::cpu

#endif
