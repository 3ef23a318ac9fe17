// Specs and what they resolve to; what code generation refuses; images that depend on the kernels only.
#include "codegen/Target.h"
#include "codegen/cpu/Targets.h"
#include "mlir/Parser/Parser.h"
#include "runtime/device/cpu/CodeImage.h"
#include "test/codegen/KernelHarness.h"
#include "test/codegen/LinearText.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::test;
using testing::HasSubstr;

namespace {
// Collects what is said while it lives.
struct Messages {
  std::string text;
  ScopedDiagnosticHandler handler{&context(), [this](Diagnostic &d) { text += d.str() + "\n"; }};
};

FailureOr<kernel::TargetAttr> resolve(StringRef spec, const Host &host = {}) {
  return findTarget("cpu:")->resolve(&context(), spec, host, [] { return emitError(UnknownLoc::get(&context())); });
}

std::vector<std::string> names(ArrayRef<const char *> list) { return {list.begin(), list.end()}; }
ArrayRef<const char *> featuresOf(StringRef row) {
  for (const codegen::cpu::TargetRow &r : codegen::cpu::targetRows())
    if (row == r.name)
      return r.features;
  return {};
}

TEST(Target, everySpecResolvesToItself) {
  ASSERT_EQ(findTarget("cuda:sm_80"), nullptr);
  const Target *target = findTarget("cpu:x86-64-v3");
  ASSERT_NE(target, nullptr);
  for (const std::string &spec : target->specs()) {
    if (spec == "cpu:native")
      continue;
    FailureOr<kernel::TargetAttr> resolved = resolve(spec);
    ASSERT_TRUE(succeeded(resolved)) << spec;
    EXPECT_EQ(resolved->getSpec(), spec);
    EXPECT_GT(resolved->number("accumulators"), 0);
    EXPECT_TRUE(resolved->getDot() != "bf16" || resolved->hasFeature("avx512bf16"));
  }
}

TEST(Target, featuresOfTheSpecAreSortedAndKnownOnce) {
  auto a = resolve("cpu:x86-64-v4+avx512vnni+avx512bf16"), b = resolve("cpu:x86-64-v4+avx512bf16+avx512vnni+avx2");
  ASSERT_TRUE(succeeded(a) && succeeded(b));
  EXPECT_EQ(*a, *b);
  EXPECT_EQ(a->getSpec(), "cpu:x86-64-v4+avx512bf16+avx512vnni");
  EXPECT_EQ(a->getDot(), "bf16");
  EXPECT_EQ(resolve("cpu:x86-64-v4")->getDot(), "fma");
}

TEST(Target, nativeIsTheBestRowThatTheHostHas) {
  Host v3{"x86-64", names(featuresOf("x86-64-v3"))};
  EXPECT_EQ(resolve("cpu:native", v3)->getSpec(), "cpu:x86-64-v3");
  Host v4{"x86-64", names(featuresOf("x86-64-v4"))};
  v4.features.push_back("avx512bf16");
  v4.features.push_back("unheard-of");
  EXPECT_EQ(resolve("cpu:native", v4)->getSpec(), "cpu:x86-64-v4+avx512bf16");
  Host amx{"x86-64", names(featuresOf("sapphirerapids"))};
  EXPECT_EQ(resolve("cpu:native", amx)->getSpec(), "cpu:sapphirerapids");
  Host arm{"aarch64", {"neon", "fp-armv8"}};
  EXPECT_EQ(resolve("cpu:native", arm)->getSpec(), "cpu:aarch64");

  Messages messages;
  EXPECT_TRUE(failed(resolve("cpu:native", {})));
  EXPECT_THAT(messages.text, HasSubstr("needs a host to look at"));
  EXPECT_TRUE(failed(resolve("cpu:native", {"x86-64", {"sse2"}})));
  EXPECT_THAT(messages.text, HasSubstr("needs AVX2"));
}

TEST(Target, unknownSpecsNameTheKnownOnes) {
  Messages messages;
  EXPECT_TRUE(failed(resolve("cpu:pentium")));
  EXPECT_THAT(messages.text,
              HasSubstr("unknown CPU target \"cpu:pentium\"; known: cpu:native, cpu:sapphirerapids, cpu:x86-64-v4"));
  EXPECT_TRUE(failed(resolve("cpu:x86-64-v4+avx512bf61")));
  EXPECT_THAT(messages.text, HasSubstr("has no optional feature \"avx512bf61\"; it has: avx512bf16, avx512vnni"));
  EXPECT_TRUE(failed(resolve("cpu:x86-64-v3+amx-bf16")));
  EXPECT_THAT(messages.text, HasSubstr("it has none"));
}

// LLVM would end the process over an instruction that the target lacks.
TEST(Target, instructionsThatTheTargetLacksAreRefused) {
  Messages messages;
  KernelCase kernel(LinearText{.outputs = {16}, .narrow = true}.text());
  kernel.setTarget(target("cpu:x86-64-v4"), kernel::TilingAttr::get(&context(), "bf16", 1, 4, 0, 4, 0));
  EXPECT_TRUE(failed(findTarget("cpu:")->compile(kernel.module(), 1)));
  EXPECT_THAT(messages.text, HasSubstr("needs avx512bf16; target cpu:x86-64-v4 has no such feature"));
  kernel.setTarget(target("cpu:x86-64-v4+avx512bf16"), kernel::TilingAttr::get(&context(), "amx", 1, 2, 0, 2, 0));
  EXPECT_TRUE(failed(findTarget("cpu:")->compile(kernel.module(), 1)));
  EXPECT_THAT(messages.text, HasSubstr("needs amx-tile"));
  kernel.setTarget(target("cpu:sapphirerapids"), kernel::TilingAttr::get(&context(), "amx", 32, 4, 0, 4, 0));
  EXPECT_TRUE(failed(findTarget("cpu:")->compile(kernel.module(), 1)));
  EXPECT_THAT(messages.text, HasSubstr("do not fit in 8 AMX tiles"));
}

TEST(Target, whatTheLinearEmitterCannotDoIsRefused) {
  struct {
    const char *kernel, *message;
  } cases[] = {
      {R"(kernel.func @k "linear" (tensor<1x16xf32>, tensor<16x16xbf16>) -> tensor<1x16xf32> layouts [unit, unit] {
          ^bb0(%x: tensor<1x16xf32>, %w: tensor<16x16xbf16>):
            %y = model.linear %x, %w : tensor<1x16xf32>, tensor<16x16xbf16> -> tensor<1x16xf32>
            kernel.yield %y : tensor<1x16xf32>
          })",
       "has a weight that is not packed"},
      {R"(kernel.func @k "linear" (tensor<1x16xf32>, tensor<16x16xbf16>) -> tensor<1x16xf32> layouts [unit, #kernel.packed<n = 16, k = 4>] {
          ^bb0(%x: tensor<1x16xf32>, %w: tensor<16x16xbf16>):
            %y = model.linear %x, %w : tensor<1x16xf32>, tensor<16x16xbf16> -> tensor<1x16xf32>
            kernel.yield %y : tensor<1x16xf32>
          })",
       "expected n = 16 and k = 2"},
      {R"(kernel.func @k "linear" (tensor<1x16xf32>, tensor<16x16xf32>) -> tensor<1x16xf32> layouts [unit, #kernel.packed<n = 16, k = 1>] {
          ^bb0(%x: tensor<1x16xf32>, %w: tensor<16x16xf32>):
            %a = model.linear %x, %w : tensor<1x16xf32>, tensor<16x16xf32> -> tensor<1x16xf32>
            %y = model.linear %a, %w : tensor<1x16xf32>, tensor<16x16xf32> -> tensor<1x16xf32>
            kernel.yield %y : tensor<1x16xf32>
          })",
       "cannot be evaluated row by row"},
      {R"(kernel.func @k "linear" (tensor<?x16xf32>, tensor<16x16xf32>) -> tensor<?x16xf32> layouts [unit, #kernel.packed<n = 16, k = 1>] {
          ^bb0(%x: tensor<?x16xf32>, %w: tensor<16x16xf32>):
            %y = model.linear %x, %w : tensor<?x16xf32>, tensor<16x16xf32> -> tensor<?x16xf32>
            kernel.yield %y : tensor<?x16xf32>
          })",
       "has dynamic rows"}};
  for (auto [text, message] : cases) {
    Messages messages;
    KernelCase kernel(text);
    ASSERT_TRUE(kernel.func());
    kernel.setTarget(target("cpu:x86-64-v3"), kernel::TilingAttr::get(&context(), "fma", 1, 4, 0, 4, 0));
    EXPECT_TRUE(failed(findTarget("cpu:")->compile(kernel.module(), 1)));
    EXPECT_THAT(messages.text, HasSubstr(message));
  }
}

// Several kernels in one module, all for one target.
OwningOpRef<ModuleOp> kernelsFor(StringRef spec) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context()));
  for (int64_t rows : {1, 2, 5, 9}) {
    KernelCase kernel(LinearText{.rows = rows, .inputs = 40, .outputs = {24, 50}, .norm = rows < 4}.text());
    kernel.setTarget(target(spec.str()));
    kernel.func().setSymName("linear_" + std::to_string(rows));
    module->push_back(kernel.func().clone());
  }
  return module;
}

TEST(Target, threadsDoNotChangeTheImage) {
  OwningOpRef<ModuleOp> module = kernelsFor("cpu:x86-64-v3");
  auto one = findTarget("cpu:")->compile(*module, 1), four = findTarget("cpu:")->compile(*module, 4);
  ASSERT_TRUE(succeeded(one) && succeeded(four));
  EXPECT_TRUE(*one == *four);
  EXPECT_FALSE(module->getOps<kernel::FuncOp>().empty()) << "compile must leave the module as it is";
  // The same kernels at another place, in another context of names.
  OwningOpRef<ModuleOp> again = kernelsFor("cpu:x86-64-v3");
  (*again)->setAttr("unrelated", UnitAttr::get(&context()));
  EXPECT_TRUE(*findTarget("cpu:")->compile(*again, 2) == *one);
}

TEST(Target, diagnosticsOfManyThreadsComeInOrder) {
  OwningOpRef<ModuleOp> module = kernelsFor("cpu:x86-64-v3");
  for (auto func : module->getOps<kernel::FuncOp>())
    func.setTilingAttr(kernel::TilingAttr::get(&context(), "bf16", 1, 1, 0, 1, 0));
  Messages messages;
  EXPECT_TRUE(failed(findTarget("cpu:")->compile(*module, 4)));
  size_t at = 0;
  for (int copies = 0; copies < 4; ++copies, ++at)
    ASSERT_NE(at = messages.text.find("cannot multiply", at), std::string::npos) << messages.text;
}

// Images for machines that are not this one.
TEST(Target, crossCompiles) {
  for (const char *spec : {"cpu:aarch64", "cpu:aarch64-neoverse-v1", "cpu:sapphirerapids"}) {
    OwningOpRef<ModuleOp> module = kernelsFor(spec);
    auto image = findTarget("cpu:")->compile(*module, 1);
    ASSERT_TRUE(succeeded(image)) << spec;
    // e_machine
    EXPECT_EQ(static_cast<uint8_t>((*image)[18]), StringRef(spec).contains("aarch64") ? 0xb7 : 0x3e);
    Status fit = tenon::cpu::checkCodeImage(std::span(reinterpret_cast<const uint8_t *>(image->data()), image->size()),
                                            spec, StringRef(spec).contains("aarch64") ? 0xb7 : 0x3e);
    EXPECT_TRUE(fit.isOk()) << fit.message();
  }
}
} // namespace
