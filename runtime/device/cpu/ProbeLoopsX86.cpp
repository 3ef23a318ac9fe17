// x86-64: SSE2 (always there), AVX2 + FMA, AVX-VNNI, AVX-512 with VNNI and BF16, AMX.
#if defined(__x86_64__)

#include "runtime/device/cpu/ProbeLoops.h"
#include "runtime/device/cpu/ReadLoops.h"

#include <cstring>
#include <immintrin.h>

#define TARGET(features) __attribute__((target(features), noinline))
// An empty instruction that may have changed `x`: the optimiser can neither merge equal accumulators nor hoist what
// uses x.
#define OPAQUE(x) __asm__ volatile("" : "+x"(x))
#define OPAQUE_ZMM(x) __asm__ volatile("" : "+v"(x))
#define UNROLL _Pragma("clang loop unroll(full)")

namespace tenon::cpu {

namespace {

// Independent chains: latency times throughput of a multiply-add is at most 12 on known cores; AVX-512 has registers
// for more.
constexpr int kChains = 12, kChains512 = 24;

TARGET("sse2") void f32Sse2(uint64_t n) {
  __m128 a = _mm_set1_ps(1.0001f), acc[kChains];
  UNROLL for (__m128 &x : acc) {
    x = a;
    OPAQUE(x);
  }
  for (; n; --n) {
    UNROLL for (__m128 &x : acc) {
      __m128 product = _mm_mul_ps(a, a);
      OPAQUE(product);
      x = _mm_add_ps(x, product);
      OPAQUE(a);
    }
  }
  UNROLL for (__m128 &x : acc) OPAQUE(x);
}

TARGET("avx2,fma") void f32Avx2(uint64_t n) {
  __m256 a = _mm256_set1_ps(1.0001f), b = _mm256_set1_ps(0.9999f), acc[kChains];
  UNROLL for (__m256 &x : acc) {
    x = a;
    OPAQUE(x);
  }
  for (; n; --n) {
    UNROLL for (__m256 &x : acc) x = _mm256_fmadd_ps(a, b, x);
  }
  UNROLL for (__m256 &x : acc) OPAQUE(x);
}

TARGET("avx512f") void f32Avx512(uint64_t n) {
  __m512 a = _mm512_set1_ps(1.0001f), b = _mm512_set1_ps(0.9999f), acc[kChains512];
  UNROLL for (__m512 &x : acc) {
    x = a;
    OPAQUE_ZMM(x);
  }
  for (; n; --n) {
    UNROLL for (__m512 &x : acc) x = _mm512_fmadd_ps(a, b, x);
  }
  UNROLL for (__m512 &x : acc) OPAQUE_ZMM(x);
}

TARGET("avx512f,avx512bf16") void bf16Avx512(uint64_t n) {
  __m512i bits = _mm512_set1_epi16(0x3f80); // bf16 1.0
  __m512bh a = reinterpret_cast<__m512bh>(bits);
  __m512 acc[kChains512];
  UNROLL for (__m512 &x : acc) {
    x = _mm512_set1_ps(1.0f);
    OPAQUE_ZMM(x);
  }
  for (; n; --n) {
    UNROLL for (__m512 &x : acc) x = _mm512_dpbf16_ps(x, a, a);
  }
  UNROLL for (__m512 &x : acc) OPAQUE_ZMM(x);
}

TARGET("avx2") void int8Avx2(uint64_t n) {
  __m256i a = _mm256_set1_epi8(3), ones = _mm256_set1_epi16(1), acc[kChains];
  UNROLL for (__m256i &x : acc) {
    x = a;
    OPAQUE(x);
  }
  for (; n; --n) {
    UNROLL for (__m256i &x : acc) {
      OPAQUE(a);
      x = _mm256_add_epi32(x, _mm256_madd_epi16(_mm256_maddubs_epi16(a, a), ones));
    }
  }
  UNROLL for (__m256i &x : acc) OPAQUE(x);
}

TARGET("avx2,avxvnni") void int8AvxVnni(uint64_t n) {
  __m256i a = _mm256_set1_epi8(3), acc[kChains];
  UNROLL for (__m256i &x : acc) {
    x = a;
    OPAQUE(x);
  }
  for (; n; --n) {
    UNROLL for (__m256i &x : acc) x = _mm256_dpbusd_avx_epi32(x, a, a);
  }
  UNROLL for (__m256i &x : acc) OPAQUE(x);
}

TARGET("avx512f,avx512vnni") void int8Avx512Vnni(uint64_t n) {
  __m512i a = _mm512_set1_epi8(3), acc[kChains512];
  UNROLL for (__m512i &x : acc) {
    x = a;
    OPAQUE_ZMM(x);
  }
  for (; n; --n) {
    UNROLL for (__m512i &x : acc) x = _mm512_dpbusd_epi32(x, a, a);
  }
  UNROLL for (__m512i &x : acc) OPAQUE_ZMM(x);
}

// Four accumulator tiles from two by two operand tiles, all of 16 rows of 64 bytes: the shape of a real kernel. Zero
// operands: the unit's time does not depend on data.
struct TileConfig {
  uint8_t palette = 1, startRow = 0, reserved[14] = {};
  uint16_t bytesPerRow[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileConfig) == 64);

TARGET("amx-tile") void zeroTiles() {
  TileConfig config;
  _tile_loadconfig(&config);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_zero(4);
  _tile_zero(5);
  _tile_zero(6);
  _tile_zero(7);
}

TARGET("amx-tile,amx-bf16") void bf16Amx(uint64_t n) {
  zeroTiles();
  for (; n; --n) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_release();
}

TARGET("amx-tile,amx-int8") void int8Amx(uint64_t n) {
  zeroTiles();
  for (; n; --n) {
    _tile_dpbssd(0, 4, 6);
    _tile_dpbssd(1, 4, 7);
    _tile_dpbssd(2, 5, 6);
    _tile_dpbssd(3, 5, 7);
  }
  _tile_release();
}

constexpr PeakRow kPeaks[] = {
    {Limit::F32, "avx512f", {"avx512f"}, kChains512 * 16 * 2, f32Avx512},
    {Limit::F32, "avx2", {"avx2", "fma"}, kChains * 8 * 2, f32Avx2},
    {Limit::F32, "sse2", {}, kChains * 4 * 2, f32Sse2},
    {Limit::Bf16, "amx-bf16", {"amx-tile", "amx-bf16"}, 4 * 16 * 16 * 32 * 2, bf16Amx},
    {Limit::Bf16, "avx512bf16", {"avx512f", "avx512bf16"}, kChains512 * 32 * 2, bf16Avx512},
    {Limit::Int8, "amx-int8", {"amx-tile", "amx-int8"}, 4 * 16 * 16 * 64 * 2, int8Amx},
    {Limit::Int8, "avx512vnni", {"avx512f", "avx512vnni"}, kChains512 * 64 * 2, int8Avx512Vnni},
    {Limit::Int8, "avxvnni", {"avx2", "avxvnni"}, kChains * 32 * 2, int8AvxVnni},
    {Limit::Int8, "avx2", {"avx2"}, kChains * 32 * 2, int8Avx2},
};

#define READ_LOOPS(NAME, FEATURE)                                                                                      \
  template <unsigned Streams>                                                                                          \
  TARGET(FEATURE)                                                                                                      \
  uint64_t NAME(const uint8_t *base, size_t stride, size_t begin, size_t end) {                                        \
    return readStreams<Streams>(base, stride, begin, end);                                                             \
  }
READ_LOOPS(readAvx512, "avx512f")
READ_LOOPS(readAvx2, "avx2")
READ_LOOPS(readSse2, "sse2")

#define READ_ROWS(ISA, FEATURE, NAME)                                                                                  \
  {ISA, FEATURE, 1, NAME<1>}, {ISA, FEATURE, 4, NAME<4>}, {ISA, FEATURE, 8, NAME<8>}, {ISA, FEATURE, 16, NAME<16>}, {  \
    ISA, FEATURE, 24, NAME<24>                                                                                         \
  }
constexpr ReadRow kReads[] = {
    READ_ROWS("avx512f", "avx512f", readAvx512),
    READ_ROWS("avx2", "avx2", readAvx2),
    READ_ROWS("sse2", nullptr, readSse2),
};

} // namespace

std::span<const PeakRow> peakRows() { return kPeaks; }
std::span<const ReadRow> readRows() { return kReads; }

} // namespace tenon::cpu

#endif
