// What the phases hand over is what code generation takes: every kernel of a model compiles for every kind of target.
#include "codegen/Target.h"
#include "passes/Pipelines.h"
#include "test/passes/LlamaModule.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::test;

namespace {

class Codegen : public testing::TestWithParam<std::string> {};

TEST_P(Codegen, CompilesEveryKernelOfAModel) {
  const codegen::Target *target = codegen::findTarget(GetParam());
  ASSERT_TRUE(target);
  DialectRegistry registry;
  target->registerDialects(registry);
  MLIRContext context(registry);
  context.loadAllAvailableDialects();
  context.loadDialect<kernel::KernelDialect>();
  FailureOr<kernel::TargetAttr> attribute =
      target->resolve(&context, GetParam(), {}, [&] { return emitError(UnknownLoc::get(&context)); });
  ASSERT_TRUE(succeeded(attribute));
  std::string text;
  llvm::raw_string_ostream(text) << *attribute;
  LlamaShape shape;
  shape.layers = 1;
  shape.tied = true;
  shape.vocab = 100; // not a multiple of a panel
  OwningOpRef<ModuleOp> module = llamaModule(context, shape, text);
  ASSERT_TRUE(module);
  PassManager pm(&context);
  addPhases(pm, {{"auto"}, {{1, 33}, {1}}}, Phase::Plan);
  ASSERT_TRUE(succeeded(pm.run(*module)));
  FailureOr<codegen::CodeImage> code = target->compile(*module, 1);
  ASSERT_TRUE(succeeded(code));
  EXPECT_GT(code->size(), 4096u);
}

INSTANTIATE_TEST_SUITE_P(Targets, Codegen,
                         testing::Values("cpu:x86-64-v3", "cpu:x86-64-v4", "cpu:x86-64-v4+avx512bf16", "cpu:aarch64"),
                         [](const auto &info) {
                           std::string name = info.param;
                           for (char &c : name)
                             if (!isalnum(static_cast<unsigned char>(c)))
                               c = '_';
                           return name;
                         });

} // namespace
