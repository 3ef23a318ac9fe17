// The budget of every inner loop of linear kernels on codes: instructions, stack accesses and cycles of the loop over
// lines or groups, for every multiplier and kind of format, and of what spreads, converts and rounds before it. A
// slower loop fails on any machine, without timing anything, also for instruction sets that the machine at hand lacks.
// The figures are what LLVM 22 makes of the emitters today; a higher one wants a reason.
//
// Cycles are llvm-mca's for the CPU named, with all data in the first cache; `products` are multiply-add instructions
// in a round, so that cycles / products compares loops.
#include "test/codegen/LoopCost.h"
#include <gtest/gtest.h>

using namespace tenon;
using namespace tenon::test;

namespace {
constexpr Isa kVnni{"cpu:x86-64-v4+avx512vnni", "vpdpbusd", "x86_64", "cascadelake"};
constexpr Isa kAvx512{"cpu:x86-64-v4", "vpmaddwd", "x86_64", "skylake-avx512"};
constexpr Isa kAvx2{"cpu:x86-64-v3", "vpmaddwd", "x86_64", "haswell"};
constexpr Isa kAmx{"cpu:sapphirerapids", "tdpbsud", "x86_64", "sapphirerapids"};
// Between tiles of groups: integers are scaled and added to f32 sums.
constexpr Isa kAmxScale{"cpu:sapphirerapids", "vcvtdq2ps", "x86_64", "sapphirerapids"};
constexpr Isa kNeoverse{"cpu:aarch64-neoverse-v1", "usdot", "aarch64", "neoverse-v1"};
constexpr Isa kNeon{"cpu:aarch64", "mla", "aarch64", "cortex-a72"};

struct Budget {
  Isa isa;
  const char *weight;
  int64_t rowGroup, rows;
  int64_t products, instructions, stack;
  double cycles;
  bool floats = false;   // weights are dequantized for rows of f32
  bool quantize = false; // rows are quantized in the kernel
};

class LinearBudget : public testing::TestWithParam<Budget> {};

TEST_P(LinearBudget, isKept) {
  const Budget &budget = GetParam();
  LinearText text{.rows = budget.rows,
                  .inputs = 2048,
                  .outputs = {2048},
                  .weight = budget.weight,
                  .rowGroup = budget.rowGroup,
                  .floats = budget.floats,
                  .quantize = budget.quantize};
  InnerLoop loop; // with the most products: the widest tile's
  for (const InnerLoop &other : innerLoops(assembly(text, budget.isa.spec)))
    if (other.count(budget.isa.multiplyAdd) > loop.count(budget.isa.multiplyAdd))
      loop = other;
  ASSERT_FALSE(loop.instructions.empty()) << "no loop with " << budget.isa.multiplyAdd;
  expectWithin({budget.products, budget.instructions, budget.stack, budget.cycles}, {loop}, budget.isa);
}

constexpr const char *kInt8 = "#qt.int8", *kQ8 = "#qt.q8_0", *kQ4 = "#qt.q4_0",
                     *k4Asym = "#qt.int4_group<group = 128, asym = true>",
                     *k4 = "#qt.int4_group<group = 128, asym = false>",
                     *k4By64 = "#qt.int4_group<group = 64, asym = true>",
                     *k4By32 = "#qt.int4_group<group = 32, asym = false>",
                     *k8By64 = "#qt.int8_group<group = 64, asym = false>";

std::string budgetName(const testing::TestParamInfo<Budget> &info) {
  std::string name;
  for (char c : std::string(info.param.isa.spec) + "_" + info.param.weight + "_rows" +
                    std::to_string(info.param.rowGroup) + "_" + std::to_string(info.param.rows))
    if (isalnum(static_cast<unsigned char>(c)) || c == '_')
      name += c;
  return name;
}

INSTANTIATE_TEST_SUITE_P(
    Isas, LinearBudget,
    testing::Values(Budget{kAmx, kInt8, 0, 128, 4, 27, 0, 101}, Budget{kAmxScale, kQ4, 32, 128, 8, 53, 8, 25},
                    Budget{kAmxScale, k4Asym, 0, 128, 8, 49, 8, 33}, Budget{kVnni, kInt8, 0, 1, 32, 160, 49, 54},
                    Budget{kVnni, kInt8, 0, 8, 64, 117, 0, 37}, Budget{kVnni, kInt8, 0, 128, 64, 112, 0, 37},
                    Budget{kVnni, kQ8, 32, 1, 64, 283, 4, 89}, Budget{kVnni, kQ8, 32, 8, 32, 56, 0, 21},
                    Budget{kVnni, kQ8, 32, 128, 192, 445, 18, 143}, Budget{kVnni, kQ4, 32, 1, 64, 314, 6, 96},
                    Budget{kVnni, kQ4, 32, 8, 32, 52, 0, 21}, Budget{kVnni, kQ4, 32, 128, 192, 444, 72, 143},
                    Budget{kVnni, k4, 32, 1, 32, 142, 15, 41}, Budget{kVnni, k4, 32, 8, 32, 54, 0, 21},
                    Budget{kVnni, k4, 32, 128, 96, 201, 0, 65}, Budget{kVnni, k4Asym, 32, 128, 96, 206, 2, 74},
                    Budget{kAvx2, k4, 32, 1, 128, 861, 62, 342}, Budget{kAvx2, k4, 32, 128, 48, 266, 53, 97},
                    Budget{kVnni, k4Asym, 0, 1, 32, 144, 20, 41}, Budget{kVnni, k4Asym, 0, 8, 32, 50, 0, 21},
                    Budget{kVnni, k4Asym, 0, 128, 32, 70, 0, 21}, Budget{kAvx512, kInt8, 0, 1, 64, 314, 36, 89},
                    Budget{kAvx512, kInt8, 0, 128, 128, 422, 12, 164}, Budget{kAvx512, kQ8, 32, 1, 128, 631, 12, 213},
                    Budget{kAvx512, kQ8, 32, 128, 384, 1434, 235, 494}, Budget{kAvx512, kQ4, 32, 1, 64, 424, 14, 137},
                    Budget{kAvx512, kQ4, 32, 128, 192, 865, 175, 284}, Budget{kAvx512, k4Asym, 0, 1, 32, 208, 20, 65},
                    Budget{kAvx512, k4Asym, 0, 128, 32, 134, 0, 43}, Budget{kAvx2, kInt8, 0, 1, 48, 206, 8, 85},
                    Budget{kAvx2, kInt8, 0, 128, 96, 351, 51, 177}, Budget{kAvx2, kQ8, 32, 1, 128, 639, 58, 266},
                    Budget{kAvx2, kQ8, 32, 128, 192, 829, 208, 383}, Budget{kAvx2, kQ4, 32, 1, 64, 423, 40, 169},
                    Budget{kAvx2, kQ4, 32, 128, 96, 490, 132, 205}, Budget{kAvx2, k4Asym, 0, 1, 32, 194, 8, 82},
                    Budget{kAvx2, k4Asym, 0, 128, 32, 158, 8, 65}, Budget{kNeoverse, kInt8, 0, 1, 48, 103, 0, 22},
                    Budget{kNeoverse, kInt8, 0, 128, 96, 161, 0, 33}, Budget{kNeoverse, kQ8, 32, 1, 64, 342, 30, 64},
                    Budget{kNeoverse, kQ8, 32, 128, 192, 536, 34, 112}, Budget{kNeoverse, kQ4, 32, 1, 64, 399, 39, 83},
                    Budget{kNeoverse, kQ4, 32, 128, 192, 568, 39, 112}, Budget{kNeoverse, k4Asym, 0, 1, 32, 111, 0, 22},
                    Budget{kNeoverse, k4Asym, 0, 128, 32, 60, 0, 11}, Budget{kNeon, kInt8, 0, 1, 192, 660, 36, 385},
                    Budget{kNeon, kInt8, 0, 128, 384, 1000, 197, 770}, Budget{kNeon, kQ8, 32, 1, 272, 1218, 210, 715},
                    Budget{kNeon, kQ8, 32, 128, 792, 1965, 87, 1601}, Budget{kNeon, kQ4, 32, 1, 272, 1210, 195, 712},
                    Budget{kNeon, kQ4, 32, 128, 792, 1902, 70, 1601}, Budget{kNeon, k4Asym, 0, 1, 128, 468, 46, 266},
                    Budget{kNeon, k4Asym, 0, 128, 128, 339, 24, 257}),
    budgetName);

// One scale a row for formats with many for weights (`--activations int8`), the default's scales for int8_wo, and the
// groups between.
INSTANTIATE_TEST_SUITE_P(
    Groups, LinearBudget,
    testing::Values(Budget{kVnni, kInt8, 32, 1, 32, 157, 36, 52}, Budget{kVnni, kInt8, 32, 8, 32, 56, 0, 21},
                    Budget{kVnni, kInt8, 32, 128, 96, 206, 0, 66}, Budget{kVnni, kQ8, 0, 1, 64, 273, 4, 85},
                    Budget{kVnni, kQ8, 0, 128, 192, 406, 10, 130}, Budget{kVnni, kQ4, 0, 1, 64, 304, 6, 92},
                    Budget{kVnni, kQ4, 0, 8, 32, 52, 0, 21}, Budget{kVnni, kQ4, 0, 128, 192, 404, 64, 131},
                    Budget{kVnni, k4, 0, 128, 32, 70, 0, 21}, Budget{kVnni, k4By64, 32, 1, 32, 142, 15, 41},
                    Budget{kVnni, k4By64, 32, 128, 96, 213, 7, 74}, Budget{kVnni, k4By32, 32, 1, 64, 314, 6, 96},
                    Budget{kVnni, k4By32, 32, 128, 192, 444, 72, 143},
                    Budget{kVnni, k8By64, 32, 128, 128, 288, 12, 105},
                    Budget{kAvx512, kInt8, 32, 128, 192, 688, 46, 245}, Budget{kAvx2, kInt8, 32, 128, 96, 448, 87, 186},
                    Budget{kAvx2, k4By64, 32, 128, 96, 554, 150, 219},
                    Budget{kNeoverse, kInt8, 32, 128, 96, 253, 17, 52}),
    budgetName);

// `--activations float`: codes become floats in the loop.
constexpr Isa kAvx512Fma{"cpu:x86-64-v4", "vfmadd", "x86_64", "skylake-avx512"};
constexpr Isa kAvx2Fma{"cpu:x86-64-v3", "vfmadd", "x86_64", "haswell"};
INSTANTIATE_TEST_SUITE_P(Dequantizing, LinearBudget,
                         testing::Values(Budget{kAvx512Fma, kInt8, 0, 1, 32, 41, 32, 19, true},
                                         Budget{kAvx512Fma, kQ4, 0, 1, 32, 41, 32, 19, true},
                                         Budget{kAvx512Fma, kQ4, 0, 128, 48, 81, 16, 27, true},
                                         Budget{kAvx512Fma, k4, 0, 1, 32, 41, 32, 19, true},
                                         Budget{kAvx2Fma, kQ4, 0, 1, 24, 33, 24, 21, true},
                                         Budget{kAvx2Fma, kQ8, 0, 128, 40, 73, 8, 21, true}),
                         budgetName);

// What goes before the products: four-bit codes spread to bytes for a panel of many rows, codes made floats, floats
// rounded to codes. `products` are the shifts, conversions and narrowings.
constexpr Isa kSpread{"cpu:x86-64-v4+avx512vnni", "vpsrld", "x86_64", "cascadelake"};
constexpr Isa kSpreadAvx2{"cpu:x86-64-v3", "vpsrld", "x86_64", "haswell"};
constexpr Isa kToFloat{"cpu:x86-64-v4", "vcvtdq2ps", "x86_64", "skylake-avx512"};
constexpr Isa kToFloatAvx2{"cpu:x86-64-v3", "vcvtdq2ps", "x86_64", "haswell"};
constexpr Isa kRound{"cpu:x86-64-v4+avx512vnni", "vpmovdb", "x86_64", "cascadelake"};
INSTANTIATE_TEST_SUITE_P(Preparing, LinearBudget,
                         testing::Values(Budget{kSpread, kQ4, 32, 128, 2, 25, 0, 6},
                                         Budget{kSpread, k4Asym, 32, 128, 2, 24, 0, 6},
                                         Budget{kSpreadAvx2, kQ4, 32, 128, 4, 37, 0, 12},
                                         Budget{kToFloat, kQ4, 0, 128, 8, 55, 0, 17, true},
                                         Budget{kToFloat, kInt8, 0, 1, 4, 29, 4, 8, true},
                                         Budget{kToFloat, k4Asym, 0, 1, 8, 55, 8, 17, true},
                                         Budget{kToFloatAvx2, kQ8, 0, 128, 8, 50, 0, 15, true},
                                         Budget{kRound, kQ4, 32, 8, 2, 35, 0, 19, false, true},
                                         Budget{kRound, kInt8, 0, 8, 1, 8, 0, 3, false, true}),
                         budgetName);
} // namespace
