// What the code of attention, cache and row kernels looks like, for every target, runnable here or not.
#include "codegen/cpu/Targets.h"
#include "test/codegen/AttentionText.h"
#include "test/codegen/KernelHarness.h"
#include "test/codegen/LoopCost.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::codegen::cpu;
using namespace tenon::test;

namespace {
// TinyLlama's attention: 8 query heads share a kv head.
AttentionText tinyLlama(int64_t tokens, bool narrow = false) {
  return {.tokens = tokens,
          .segments = tokens,
          .pagesPerSlot = 32,
          .heads = 32,
          .kvHeads = 4,
          .headDim = 64,
          .cacheType = "bf16",
          .resultType = "bf16",
          .narrow = narrow};
}

// The loops that multiply queries with keys and weights with values: those that prefetch.
std::vector<InnerLoop> productLoops(const std::string &code) {
  std::vector<InnerLoop> loops = innerLoops(code);
  llvm::erase_if(loops, [](const InnerLoop &loop) { return loop.count("prefetch") + loop.count("prfm") == 0; });
  return loops;
}

// x86: the destination is written last.
bool isVectorStore(llvm::StringRef instruction) {
  return instruction.starts_with("vmov") && instruction.ends_with(")");
}

struct Budget {
  const char *spec, *multiplyAdd;
  std::vector<int64_t> sums; // multiply-adds of each product loop
  int64_t others;            // further instructions of a loop: loads, widening, broadcasts, prefetch, counting
};

// All sums stay in registers: a loop neither stores nor touches the stack but to read one left value at a time.
TEST(EmittedCodeTest, attentionKeepsItsSumsInRegisters) {
  for (const Budget &budget :
       {Budget{"cpu:x86-64-v4", "vfmadd", {32, 32}, 31}, Budget{"cpu:sapphirerapids", "vdpbf16ps", {16, 16}, 16},
        Budget{"cpu:x86-64-v3", "vfmadd", {16, 16}, 22}, Budget{"cpu:aarch64", "fmla", {32, 32}, 30}}) {
    bool narrow = llvm::StringRef(budget.multiplyAdd) == "vdpbf16ps";
    std::vector<InnerLoop> loops = productLoops(assembly(tinyLlama(128, narrow).text(), budget.spec));
    std::vector<int64_t> sums;
    for (const InnerLoop &loop : loops) {
      std::string body = llvm::join(loop.instructions, "\n");
      sums.push_back(loop.count(budget.multiplyAdd));
      EXPECT_LE(static_cast<int64_t>(loop.instructions.size()) - sums.back(), budget.others) << budget.spec << "\n"
                                                                                             << body;
      for (const std::string &instruction : loop.instructions) {
        bool stack = llvm::StringRef(instruction).contains("rsp") || llvm::StringRef(instruction).contains("[sp");
        bool leftValue =
            llvm::StringRef(instruction).starts_with("vbroadcastss") || llvm::StringRef(instruction).starts_with("ld");
        EXPECT_TRUE(!stack || leftValue) << budget.spec << ": " << instruction << "\n" << body;
        bool stores = llvm::StringRef(instruction).starts_with("st") || isVectorStore(instruction);
        EXPECT_FALSE(stores) << budget.spec << ": " << instruction << "\n" << body;
      }
    }
    EXPECT_THAT(sums, testing::UnorderedElementsAreArray(budget.sums)) << budget.spec;
  }
}

// No group fills more registers than there are.
TEST(EmittedCodeTest, blocksOfAnyGroupFitTheRegisters) {
  for (const char *spec : {"cpu:x86-64-v4", "cpu:x86-64-v3", "cpu:aarch64"})
    for (int64_t group : {1, 2, 3, 5, 6, 7, 9, 11, 12, 16}) {
      AttentionText text{.heads = group, .kvHeads = 1, .headDim = 96};
      std::vector<InnerLoop> loops = productLoops(assembly(text.text(), spec));
      EXPECT_FALSE(loops.empty());
      for (const InnerLoop &loop : loops) {
        std::string body = llvm::join(loop.instructions, "\n");
        EXPECT_EQ(loop.count("str\t") + loop.count("stp\t"), 0) << spec << ", group of " << group << "\n" << body;
        EXPECT_EQ(llvm::count_if(loop.instructions, isVectorStore), 0) << spec << ", group of " << group << "\n"
                                                                       << body;
      }
    }
}

// A tile that is always one token's group needs one kind of block only.
TEST(EmittedCodeTest, decodeHasNoCodeForPrefill) {
  EXPECT_EQ(productLoops(assembly(tinyLlama(1).text(), "cpu:x86-64-v4")).size(), 2u);
  EXPECT_EQ(productLoops(assembly(tinyLlama(1).text(), "cpu:x86-64-v3")).size(), 2u);
}

// Linking fails on any undefined symbol, so what links calls nothing: no libm, no memcpy.
TEST(EmittedCodeTest, everyKernelLinksForEveryTarget) {
  const std::string texts[] = {
      tinyLlama(16).text(),
      AttentionText{.tokens = 3, .heads = 3, .kvHeads = 3, .headDim = 20, .cacheType = "f16", .queryType = "bf16"}
          .text(),
      R"(kernel.func @k "cache" (tensor<4x64xf32>, tensor<4x64xf32>, !model.cache<2 x 64 x 2 x 32 x f16>, tensor<4xi32>, tensor<4xi32>, tensor<2x1xi32>, tensor<64x32xf32>) -> () {
         ^bb0(%k: tensor<4x64xf32>, %v: tensor<4x64xf32>, %c: !model.cache<2 x 64 x 2 x 32 x f16>, %p: tensor<4xi32>, %s: tensor<4xi32>, %b: tensor<2x1xi32>, %r: tensor<64x32xf32>):
           %y = model.rope %k, %p, %r heads 2 : tensor<4x64xf32>, tensor<4xi32>, tensor<64x32xf32> -> tensor<4x64xf32>
           model.cache_append %y, %v into %c at %p, %s, %b : tensor<4x64xf32>, tensor<4x64xf32>, !model.cache<2 x 64 x 2 x 32 x f16>, tensor<4xi32>, tensor<4xi32>, tensor<2x1xi32>
           kernel.yield
         })",
      R"(kernel.func @k "gather" (tensor<4xi32>, tensor<50x40xbf16>) -> tensor<4x40xf32> layouts [unit, #kernel.packed<n = 16, k = 2>] {
         ^bb0(%t: tensor<4xi32>, %w: tensor<50x40xbf16>):
           %y = model.embedding %t, %w : tensor<4xi32>, tensor<50x40xbf16> -> tensor<4x40xf32>
           kernel.yield %y : tensor<4x40xf32>
         })",
      R"(kernel.func @k "norm" (tensor<4x40xf32>, tensor<40xf32>) -> tensor<4x40xbf16> {
         ^bb0(%x: tensor<4x40xf32>, %g: tensor<40xf32>):
           %n = model.rms_norm %x, %g eps 1.0e-05 : tensor<4x40xf32>, tensor<40xf32> -> tensor<4x40xf32>
           %y = model.cast %n : tensor<4x40xf32> -> tensor<4x40xbf16>
           kernel.yield %y : tensor<4x40xbf16>
         })",
      R"(kernel.func @k "elementwise" (tensor<4x40xf32>) -> tensor<4x40xbf16> {
         ^bb0(%x: tensor<4x40xf32>):
           %n = model.activation gelu %x : tensor<4x40xf32>
           %y = model.cast %n : tensor<4x40xf32> -> tensor<4x40xbf16>
           kernel.yield %y : tensor<4x40xbf16>
         })"};
  for (const TargetRow &row : targetRows())
    for (const std::string &text : texts) {
      KernelCase kernel(text);
      kernel::TargetAttr resolved = target(std::string("cpu:") + row.name);
      kernel.setTarget(resolved, kernel::TilingAttr::get(resolved.getContext(), resolved.getDot(), 1, 1, 0, 1, 0));
      FailureOr<CodeImage> image = compileKernels(kernel.module(), Machine::of(resolved), 1);
      ASSERT_TRUE(succeeded(image)) << row.name << "\n" << text;
      ASSERT_GT(image->size(), 64u);
      EXPECT_EQ((*image)[18] & 0xff, row.arch == std::string("aarch64") ? 183 : 62) << "e_machine of " << row.name;
    }
}

// What an emitter cannot do is a diagnostic that says what it expected, before LLVM sees anything.
TEST(EmittedCodeTest, refusesWhatItCannotEmit) {
  struct Refusal {
    std::string text, message;
  };
  const Refusal refusals[] = {
      {AttentionText{.pageTokens = 24}.text(), "reads pages of 24 tokens, expected a multiple of 16"},
      {AttentionText{.cacheType = "bf16", .narrow = true}.text(), "is narrow, which needs avx512bf16"},
      {R"(kernel.func @k "attention" (tensor<4x32xf32>, !model.cache<2 x 64 x 2 x 16 x f32>, tensor<4x4xi32>, tensor<1x2xi32>) -> tensor<4x32xf32> {
          ^bb0(%x: tensor<4x32xf32>, %c: !model.cache<2 x 64 x 2 x 16 x f32>, %s: tensor<4x4xi32>, %t: tensor<1x2xi32>):
            %q = model.add %x, %x : tensor<4x32xf32>
            %y = model.attention %q over %c at %s, %t heads 2 scale 0.25 : tensor<4x32xf32>, !model.cache<2 x 64 x 2 x 16 x f32>, tensor<4x4xi32>, tensor<1x2xi32> -> tensor<4x32xf32>
            kernel.yield %y : tensor<4x32xf32>
          })",
       "expected all operands to be operands of the kernel"},
      {R"(kernel.func @k "elementwise" (tensor<4x40xf32>, tensor<160xf32>) -> tensor<4x40xf32> {
          ^bb0(%x: tensor<4x40xf32>, %g: tensor<160xf32>):
            %y = model.add %x, %x : tensor<4x40xf32>
            kernel.yield %y : tensor<4x40xf32>
          })",
       "expected the shape of its first result"},
      {R"(kernel.func @k "gather" (tensor<4xi32>, tensor<50x40xbf16>) -> tensor<4x40xf32> layouts [unit, #kernel.packed<n = 16, k = 3>] {
          ^bb0(%t: tensor<4xi32>, %w: tensor<50x40xbf16>):
            %y = model.embedding %t, %w : tensor<4xi32>, tensor<50x40xbf16> -> tensor<4x40xf32>
            kernel.yield %y : tensor<4x40xf32>
          })",
       "packed by 3 columns, expected a divisor of 16"},
      {R"(kernel.func @k "cache" (tensor<4x40xf32>, tensor<4xi32>, tensor<9x20xf32>) -> tensor<4x40xf32> {
          ^bb0(%x: tensor<4x40xf32>, %p: tensor<4xi32>, %r: tensor<9x20xf32>):
            %y = model.rope %x, %p, %r heads 2 : tensor<4x40xf32>, tensor<4xi32>, tensor<9x20xf32> -> tensor<4x40xf32>
            kernel.yield %x : tensor<4x40xf32>
          })",
       "does not come from exactly one model.rope"},
      {R"(kernel.func @k "norm" (tensor<4xi32>, tensor<50x40xbf16>, tensor<40xf32>) -> tensor<4x40xf32> {
          ^bb0(%t: tensor<4xi32>, %w: tensor<50x40xbf16>, %g: tensor<40xf32>):
            %x = model.embedding %t, %w : tensor<4xi32>, tensor<50x40xbf16> -> tensor<4x40xf32>
            %y = model.rms_norm %x, %g eps 1.0e-05 : tensor<4x40xf32>, tensor<40xf32> -> tensor<4x40xf32>
            kernel.yield %y : tensor<4x40xf32>
          })",
       "cannot be evaluated row by row"},
  };
  for (const Refusal &refusal : refusals) {
    std::string messages;
    ScopedDiagnosticHandler handler(&context(), [&](Diagnostic &diagnostic) { messages += diagnostic.str() + "\n"; });
    KernelCase kernel(refusal.text);
    kernel::TargetAttr resolved = target("cpu:x86-64-v3");
    kernel.setTarget(resolved, kernel::TilingAttr::get(resolved.getContext(), resolved.getDot(), 1, 1, 0, 1, 0));
    EXPECT_FALSE(emitKernel(kernel.func())) << refusal.text;
    EXPECT_THAT(messages, testing::HasSubstr(refusal.message));
  }
}
} // namespace
