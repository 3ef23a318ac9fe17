// The budget of every inner loop of linear kernels on codes: instructions, stack accesses and cycles of the loop over
// lines or groups, for every multiplier and kind of format. A slower loop fails on any machine, without timing
// anything, also for instruction sets that the machine at hand lacks. The figures are what LLVM 22 makes of the
// emitters today; a higher one wants a reason.
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
};

class LinearBudget : public testing::TestWithParam<Budget> {};

TEST_P(LinearBudget, isKept) {
  const Budget &budget = GetParam();
  LinearText text{
      .rows = budget.rows, .inputs = 2048, .outputs = {2048}, .weight = budget.weight, .rowGroup = budget.rowGroup};
  InnerLoop loop; // with the most products: the widest tile's
  for (const InnerLoop &other : innerLoops(assembly(text, budget.isa.spec)))
    if (other.count(budget.isa.multiplyAdd) > loop.count(budget.isa.multiplyAdd))
      loop = other;
  ASSERT_FALSE(loop.instructions.empty()) << "no loop with " << budget.isa.multiplyAdd;
  expectWithin({budget.products, budget.instructions, budget.stack, budget.cycles}, {loop}, budget.isa);
}

constexpr const char *kInt8 = "#qt.int8", *kQ8 = "#qt.q8_0", *kQ4 = "#qt.q4_0",
                     *k4Asym = "#qt.int4_group<group = 128, asym = true>",
                     *k4 = "#qt.int4_group<group = 128, asym = false>";

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
    testing::Values(Budget{kAmx, kInt8, 0, 128, 4, 27, 0, 104}, Budget{kAmxScale, kQ4, 32, 128, 8, 65, 8, 25},
                    Budget{kAmxScale, k4Asym, 0, 128, 8, 49, 8, 34}, Budget{kVnni, kInt8, 0, 1, 32, 160, 52, 57},
                    Budget{kVnni, kInt8, 0, 8, 64, 118, 0, 38}, Budget{kVnni, kInt8, 0, 128, 64, 112, 0, 38},
                    Budget{kVnni, kQ8, 32, 1, 64, 290, 4, 91}, Budget{kVnni, kQ8, 32, 8, 32, 56, 0, 21},
                    Budget{kVnni, kQ8, 32, 128, 192, 470, 22, 153}, Budget{kVnni, kQ4, 32, 1, 64, 321, 6, 99},
                    Budget{kVnni, kQ4, 32, 8, 32, 52, 0, 21}, Budget{kVnni, kQ4, 32, 128, 192, 471, 72, 154},
                    Budget{kVnni, k4, 32, 1, 32, 142, 15, 41}, Budget{kVnni, k4, 32, 8, 32, 54, 0, 21},
                    Budget{kVnni, k4, 32, 128, 96, 214, 0, 68}, Budget{kVnni, k4Asym, 32, 128, 96, 206, 2, 74},
                    Budget{kAvx2, k4, 32, 1, 128, 889, 60, 347}, Budget{kAvx2, k4, 32, 128, 48, 275, 52, 97},
                    Budget{kVnni, k4Asym, 0, 1, 32, 145, 24, 43}, Budget{kVnni, k4Asym, 0, 8, 32, 50, 0, 21},
                    Budget{kVnni, k4Asym, 0, 128, 32, 70, 0, 21}, Budget{kAvx512, kInt8, 0, 1, 64, 316, 36, 92},
                    Budget{kAvx512, kInt8, 0, 128, 128, 430, 28, 174}, Budget{kAvx512, kQ8, 32, 1, 128, 638, 12, 225},
                    Budget{kAvx512, kQ8, 32, 128, 384, 1462, 239, 505}, Budget{kAvx512, kQ4, 32, 1, 64, 432, 14, 145},
                    Budget{kAvx512, kQ4, 32, 128, 192, 896, 178, 296}, Budget{kAvx512, k4Asym, 0, 1, 32, 209, 24, 69},
                    Budget{kAvx512, k4Asym, 0, 128, 32, 134, 0, 43}, Budget{kAvx2, kInt8, 0, 1, 48, 207, 8, 87},
                    Budget{kAvx2, kInt8, 0, 128, 96, 351, 51, 182}, Budget{kAvx2, kQ8, 32, 1, 128, 643, 56, 272},
                    Budget{kAvx2, kQ8, 32, 128, 192, 853, 210, 393}, Budget{kAvx2, kQ4, 32, 1, 64, 431, 40, 173},
                    Budget{kAvx2, kQ4, 32, 128, 96, 510, 130, 210}, Budget{kAvx2, k4Asym, 0, 1, 32, 194, 10, 84},
                    Budget{kAvx2, k4Asym, 0, 128, 32, 158, 8, 67}, Budget{kNeoverse, kInt8, 0, 1, 48, 103, 0, 23},
                    Budget{kNeoverse, kInt8, 0, 128, 96, 161, 0, 34}, Budget{kNeoverse, kQ8, 32, 1, 64, 342, 28, 65},
                    Budget{kNeoverse, kQ8, 32, 128, 192, 542, 35, 114}, Budget{kNeoverse, kQ4, 32, 1, 64, 401, 39, 85},
                    Budget{kNeoverse, kQ4, 32, 128, 192, 574, 40, 111}, Budget{kNeoverse, k4Asym, 0, 1, 32, 111, 0, 22},
                    Budget{kNeoverse, k4Asym, 0, 128, 32, 60, 0, 12}, Budget{kNeon, kInt8, 0, 1, 192, 660, 36, 396},
                    Budget{kNeon, kInt8, 0, 128, 384, 1000, 197, 793}, Budget{kNeon, kQ8, 32, 1, 272, 1220, 210, 746},
                    Budget{kNeon, kQ8, 32, 128, 792, 1989, 98, 1650}, Budget{kNeon, kQ4, 32, 1, 272, 1211, 195, 738},
                    Budget{kNeon, kQ4, 32, 128, 792, 1935, 78, 1647}, Budget{kNeon, k4Asym, 0, 1, 128, 468, 46, 274},
                    Budget{kNeon, k4Asym, 0, 128, 128, 339, 24, 264}),
    budgetName);
} // namespace
