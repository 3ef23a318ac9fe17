// The body of the bandwidth loops, to be instantiated inside a function that carries the instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tenon::cpu {

// A cache line; the compiler splits it into the registers that the enclosing function may use.
typedef uint64_t Line __attribute__((vector_size(64), aligned(64)));

template <unsigned Streams>
[[gnu::always_inline]] inline uint64_t readStreams(const uint8_t *base, size_t stride, size_t begin, size_t end) {
  constexpr size_t kAhead = 1024; // bytes; best or near it on every machine tried
  Line sums[4] = {};
  for (size_t at = begin; at < end; at += 128) {
#pragma clang loop unroll(full)
    for (unsigned s = 0; s < Streams; ++s) {
      const uint8_t *p = base + s * stride + at;
      __builtin_prefetch(p + kAhead, 0, 3); // may pass the end of the buffer; prefetches never fault
      __builtin_prefetch(p + kAhead + 64, 0, 3);
      sums[2 * (s % 2)] ^= *reinterpret_cast<const Line *>(p);
      sums[2 * (s % 2) + 1] ^= *reinterpret_cast<const Line *>(p + 64);
    }
  }
  Line sum = sums[0] ^ sums[1] ^ sums[2] ^ sums[3];
  return sum[0] ^ sum[1] ^ sum[2] ^ sum[3] ^ sum[4] ^ sum[5] ^ sum[6] ^ sum[7];
}

} // namespace tenon::cpu
