#include "runtime/base/DigestLanes.h"

#include <cstring>
#include <utility>

namespace tenon {

#ifdef __x86_64__

namespace {

using Eight = uint64_t __attribute__((vector_size(64)));
using Four = uint64_t __attribute__((vector_size(32)));
template <typename V> constexpr size_t kLanes = sizeof(V) / 8;

constexpr size_t kBlockBytes = 128;
constexpr uint64_t kParameters = 0x01010000 ^ sizeof(Digest); // depth 1, fan-out 1, no key, length of the digest
constexpr uint64_t kStart[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
                                0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
// The order in which round r takes the words of a block; rounds 10 and 11 repeat 0 and 1.
constexpr uint8_t kOrder[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

// Everything below is inlined into one function for each instruction set, and compiled for it there.
#define TENON_INLINE [[gnu::always_inline]] static inline

template <int N, typename V> TENON_INLINE V rotateRight(V x) { return (x >> N) | (x << (64 - N)); }

template <typename V> TENON_INLINE void mix(V &a, V &b, V &c, V &d, V x, V y) {
  a += b + x, d = rotateRight<32>(d ^ a);
  c += d, b = rotateRight<24>(b ^ c);
  a += b + y, d = rotateRight<16>(d ^ a);
  c += d, b = rotateRight<63>(b ^ c);
}

template <size_t R, typename V> TENON_INLINE void round(V *v, const V *m) {
  constexpr const uint8_t *s = kOrder[R % 10];
  mix(v[0], v[4], v[8], v[12], m[s[0]], m[s[1]]);
  mix(v[1], v[5], v[9], v[13], m[s[2]], m[s[3]]);
  mix(v[2], v[6], v[10], v[14], m[s[4]], m[s[5]]);
  mix(v[3], v[7], v[11], v[15], m[s[6]], m[s[7]]);
  mix(v[0], v[5], v[10], v[15], m[s[8]], m[s[9]]);
  mix(v[1], v[6], v[11], v[12], m[s[10]], m[s[11]]);
  mix(v[2], v[7], v[8], v[13], m[s[12]], m[s[13]]);
  mix(v[3], v[4], v[9], v[14], m[s[14]], m[s[15]]);
}

template <typename V, size_t... R> TENON_INLINE void rounds(V *v, const V *m, std::index_sequence<R...>) {
  (round<R>(v, m), ...);
}

// a0 b0 a1 b1 ... from the lower (From = 0) or the upper half of each.
template <size_t From, typename V, size_t... I> TENON_INLINE V interleave(V a, V b, std::index_sequence<I...>) {
  return __builtin_shufflevector(a, b, (I % 2 * kLanes<V> + I / 2 + From)...);
}

// [lane][word] -> [word][lane]: a perfect shuffle of all elements, once for each bit of a lane's number.
template <typename V> TENON_INLINE void transpose(V *rows) {
  constexpr size_t n = kLanes<V>;
  constexpr auto order = std::make_index_sequence<n>();
  for (size_t step = 1; step < n; step *= 2) {
    V shuffled[n];
    for (size_t i = 0; i < n / 2; ++i) {
      shuffled[2 * i] = interleave<0>(rows[i], rows[i + n / 2], order);
      shuffled[2 * i + 1] = interleave<n / 2>(rows[i], rows[i + n / 2], order);
    }
    std::memcpy(rows, shuffled, sizeof shuffled);
  }
}

// The block at `at` of every message into the state `h`.
template <typename V> TENON_INLINE void compress(V *h, const uint8_t *const *messages, size_t at, bool last) {
  V m[16];
  for (size_t words = 0; words < 16; words += kLanes<V>) {
    for (size_t lane = 0; lane < kLanes<V>; ++lane)
      std::memcpy(&m[words + lane], messages[lane] + at + 8 * words, sizeof(V));
    transpose(m + words);
  }
  V v[16];
  for (size_t i = 0; i < 8; ++i)
    v[i] = h[i], v[i + 8] = V{} + kStart[i];
  v[12] ^= V{} + (at + kBlockBytes);
  if (last)
    v[14] = ~v[14];
  rounds(v, m, std::make_index_sequence<12>());
  for (size_t i = 0; i < 8; ++i)
    h[i] ^= v[i] ^ v[i + 8];
}

template <typename V> TENON_INLINE void hashLanes(const uint8_t *const *messages, size_t bytes, Digest *digests) {
  V h[8];
  for (size_t i = 0; i < 8; ++i)
    h[i] = V{} + kStart[i];
  h[0] ^= V{} + kParameters;
  for (size_t at = 0; at < bytes; at += kBlockBytes)
    compress(h, messages, at, at + kBlockBytes == bytes);
  for (size_t i = 0; i < sizeof(Digest) / 8; ++i)
    for (size_t lane = 0; lane < kLanes<V>; ++lane) {
      const uint64_t word = h[i][lane];
      std::memcpy(digests[lane].data() + 8 * i, &word, 8);
    }
}

[[gnu::target("avx512f")]] void hashEight(const uint8_t *const *messages, size_t bytes, Digest *digests) {
  hashLanes<Eight>(messages, bytes, digests);
}
[[gnu::target("avx2")]] void hashFour(const uint8_t *const *messages, size_t bytes, Digest *digests) {
  hashLanes<Four>(messages, bytes, digests);
}

static_assert(kLanes<Eight> <= kDigestGroup);
constexpr LaneHash kHashes[] = {{"avx512f", kLanes<Eight>, hashEight}, {"avx2", kLanes<Four>, hashFour}};

} // namespace

std::span<const LaneHash> laneHashes() {
  // Who has AVX-512 has AVX2.
  static const size_t missing = __builtin_cpu_supports("avx512f") ? 0 : __builtin_cpu_supports("avx2") ? 1 : 2;
  return std::span(kHashes).subspan(missing);
}

#else

std::span<const LaneHash> laneHashes() { return {}; }

#endif

} // namespace tenon
