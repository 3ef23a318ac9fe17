// What the code of linear kernels looks like, for every target, runnable here or not: the loop over depth multiplies
// from registers, spills nothing and spends few instructions on anything else. Budgets are what LLVM 22 makes of it
// today; a higher count wants a reason.
#include "codegen/cpu/Targets.h"
#include "test/codegen/KernelHarness.h"
#include "test/codegen/LinearText.h"
#include "test/codegen/LoopCost.h"
#include "llvm/ADT/StringExtras.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen::cpu;
using namespace tenon::test;

namespace {
// The first loop, the widest tile's, with that many multiply-adds; an empty one if there is none.
InnerLoop loopWith(const std::string &code, const std::string &multiplyAdd, int64_t sums) {
  for (const InnerLoop &loop : innerLoops(code))
    if (loop.count(multiplyAdd) == sums)
      return loop;
  ADD_FAILURE() << "no loop with " << sums << " " << multiplyAdd << " in\n" << code;
  return {};
}

struct Budget {
  const char *spec, *weight;
  int64_t rows;
  const char *multiplyAdd;
  int64_t sums;      // multiply-adds in a round of the loop
  int64_t others;    // further instructions
  int64_t stack = 0; // of those, reads and writes of the stack
};

class LinearCode : public testing::TestWithParam<Budget> {};

TEST_P(LinearCode, staysInItsBudget) {
  const Budget &budget = GetParam();
  LinearText text{.rows = budget.rows, .inputs = 2048, .outputs = {2048}, .weight = budget.weight};
  InnerLoop loop = loopWith(assembly(text, budget.spec), budget.multiplyAdd, budget.sums);
  std::string body = llvm::join(loop.instructions, "\n");
  EXPECT_LE(static_cast<int64_t>(loop.instructions.size()) - budget.sums, budget.others) << body;
  EXPECT_LE(llvm::count_if(loop.instructions, touchesStack), budget.stack) << body;
}

// Sums are rows x panels x registers of a sum x parts of a step x steps of a round.
// One row reads that many panels far apart: some of their pointers lie on the stack.
INSTANTIATE_TEST_SUITE_P(Targets, LinearCode,
                         testing::Values(Budget{"cpu:x86-64-v4+avx512bf16", "bf16", 1, "vdpbf16ps", 2 * 4, 18},
                                         Budget{"cpu:x86-64-v4+avx512bf16", "bf16", 4, "vdpbf16ps", 2 * 4 * 4, 38},
                                         Budget{"cpu:x86-64-v4+avx512bf16", "bf16", 128, "vdpbf16ps", 6 * 4 * 2, 34},
                                         Budget{"cpu:x86-64-v4", "bf16", 1, "vfmadd", 8 * 2 * 4, 149, 8},
                                         Budget{"cpu:x86-64-v4", "bf16", 4, "vfmadd", 4 * 5 * 2, 38},
                                         Budget{"cpu:x86-64-v4", "bf16", 128, "vfmadd", 5 * 4 * 2, 38},
                                         Budget{"cpu:x86-64-v4", "f32", 128, "vfmadd", 5 * 4 * 2, 34},
                                         Budget{"cpu:x86-64-v3", "bf16", 1, "vfmadd", 3 * 2 * 2 * 4, 116, 4},
                                         Budget{"cpu:x86-64-v3", "bf16", 4, "vfmadd", 4 * 2 * 2 * 4, 70},
                                         Budget{"cpu:x86-64-v3", "bf16", 128, "vfmadd", 5 * 2 * 2 * 4, 76},
                                         Budget{"cpu:x86-64-v3", "f16", 128, "vfmadd", 5 * 2 * 4, 44},
                                         Budget{"cpu:sapphirerapids", "bf16", 1, "tdpbf16ps", 3, 64},
                                         Budget{"cpu:sapphirerapids", "bf16", 128, "tdpbf16ps", 4, 24},
                                         Budget{"cpu:aarch64", "bf16", 1, "fmla", 4 * 4 * 2 * 4, 210},
                                         Budget{"cpu:aarch64", "bf16", 128, "fmla", 4 * 4 * 2 * 4, 80},
                                         Budget{"cpu:aarch64-neoverse-v1", "f32", 128, "fmla", 4 * 4 * 4, 60}),
                         [](const auto &info) {
                           std::string name = std::string(info.param.spec) + "_" + info.param.weight + "_" +
                                              std::to_string(info.param.rows);
                           for (char &c : name)
                             c = isalnum(c) ? c : '_';
                           return name;
                         });

// One row reads each line of weights straight into the multiplier and fetches it ahead; many rows fetch the next tile.
TEST(LinearCodeTest, bf16ReadsWeightsFromMemory) {
  InnerLoop one = loopWith(assembly({.inputs = 2048, .outputs = {2048}}, "cpu:x86-64-v4+avx512bf16"), "vdpbf16ps", 8);
  int64_t fromMemory = llvm::count_if(one.instructions, [](const std::string &i) {
    return llvm::StringRef(i).starts_with("vdpbf16ps") && llvm::StringRef(i).contains("(");
  });
  EXPECT_EQ(fromMemory, 8);
  EXPECT_EQ(one.count("prefetcht0"), 8);
  InnerLoop many =
      loopWith(assembly({.rows = 128, .inputs = 2048, .outputs = {2048}}, "cpu:x86-64-v4+avx512bf16"), "vdpbf16ps", 48);
  EXPECT_EQ(many.count("prefetcht0"), 4);
  EXPECT_EQ(many.count("vbroadcastss"), 12);
}

// Near what the multipliers alone take. (LLVM's models of vdpbf16ps and tiles are too far from the hardware to be of
// use.)
TEST(LinearCodeTest, prefillIsBoundByTheMultipliers) {
  struct {
    const char *spec, *multiplyAdd;
    int64_t sums;
    const char *triple, *cpu;
    double multiplierCycles, limit;
  } cases[] = {
      {"cpu:x86-64-v4", "vfmadd", 40, "x86_64", "skylake-avx512", 20, 26},
      {"cpu:x86-64-v3", "vfmadd", 80, "x86_64", "haswell", 40, 50},
      {"cpu:aarch64-neoverse-v1", "fmla", 128, "aarch64", "neoverse-v1", 32, 43},
  };
  for (auto [spec, multiplyAdd, sums, triple, cpu, multiplierCycles, limit] : cases) {
    std::string code = assembly({.rows = 128, .inputs = 2048, .outputs = {2048}}, spec);
    double cycles = cyclesPerRound(loopWith(code, multiplyAdd, sums), triple, cpu);
    EXPECT_GE(cycles, multiplierCycles) << "llvm-mca did not see the loop of " << spec;
    EXPECT_LE(cycles, limit) << spec;
  }
}

TEST(LinearCodeTest, tilesAreConfiguredOnceAndReleased) {
  std::string code = assembly({.rows = 64, .inputs = 2048, .outputs = {2048}}, "cpu:sapphirerapids");
  auto count = [&](llvm::StringRef word) { return llvm::StringRef(code).count(word); };
  // Once for tiles of two panels; again around a share's odd last panel.
  EXPECT_EQ(count("\tldtilecfg"), 3u);
  EXPECT_EQ(count("\ttilerelease"), 1u);
}

// Linking fails on undefined symbols: nothing calls libm or memcpy.
TEST(LinearCodeTest, everyKernelLinksForEveryTarget) {
  for (const TargetRow &row : targetRows())
    for (int64_t rows : {2, 40}) {
      kernel::TargetAttr resolved = target(std::string("cpu:") + row.name);
      bool narrow = resolved.getDot() != "fma";
      KernelCase kernel(LinearText{.rows = rows,
                                   .inputs = 77,
                                   .outputs = {50},
                                   .narrow = narrow,
                                   .norm = rows == 2,
                                   .bias = true,
                                   .residual = true,
                                   .gateUp = true,
                                   .narrowOut = true}
                            .text());
      kernel.setTarget(resolved);
      EXPECT_TRUE(succeeded(compileKernels(kernel.module(), Machine::of(resolved), 1))) << row.name;
    }
}
} // namespace
