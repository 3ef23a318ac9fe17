// The phases together, on Llama-shaped modules from tiny to 70B.
#include "dialects/kernel/Kernel.h"
#include "dialects/model/Model.h"
#include "passes/Pipelines.h"
#include "passes/plan/WeightLayout.h"
#include "test/passes/LlamaModule.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::test;

namespace {

const PipelineOptions kOptions = {{}, {{1, 2, 4, 8, 16, 64, 128, 256}, {1, 2, 4, 8, 16}}};

LogicalResult run(ModuleOp module, Phase last, const PipelineOptions &options = kOptions) {
  PassManager pm(module.getContext());
  addPhases(pm, options, last);
  return pm.run(module);
}

std::string print(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  module.print(os);
  return text;
}

std::vector<std::string> anchors(ModuleOp module, llvm::StringRef program, int64_t rows) {
  std::vector<std::string> result;
  engine::VariantOp variant = findVariant(module);
  for (auto op : variant.getOps<engine::ProgramOp>())
    if (op.getEntry() == program && int64_t(op.getRows()) == rows)
      for (auto launch : op.getOps<engine::LaunchOp>())
        result.push_back(module.lookupSymbol<kernel::FuncOp>(launch.getKernel()).getAnchor().str());
  return result;
}

TEST(Pipeline, LlamaLayerTakesSixKernelsForOneRowAndTwoNormsMoreForMany) {
  MLIRContext context;
  LlamaShape shape;
  shape.layers = 1;
  OwningOpRef<ModuleOp> module = llamaModule(context, shape, kAmxTarget);
  ASSERT_TRUE(module);
  ASSERT_TRUE(succeeded(run(*module, Phase::Plan)));
  using testing::ElementsAre;
  EXPECT_THAT(anchors(*module, "body", 1),
              ElementsAre("gather", "linear", "cache", "attention", "linear", "linear", "linear"));
  EXPECT_THAT(anchors(*module, "body", 64),
              ElementsAre("gather", "norm", "linear", "cache", "attention", "linear", "norm", "linear", "linear"));
  EXPECT_THAT(anchors(*module, "head", 1), ElementsAre("linear"));
}

// Rows are quantized where they are made ready: in the kernel for few rows, with the norm in a launch for many.
TEST(Pipeline, QuantizedRowsAreMadeByTheNormsOrInline) {
  MLIRContext context;
  LlamaShape shape;
  shape.layers = 1;
  OwningOpRef<ModuleOp> module = llamaModule(context, shape, kFmaTarget);
  PipelineOptions options = kOptions;
  options.formats.weights = "int4_wo:g32";
  ASSERT_TRUE(module && succeeded(run(*module, Phase::Plan, options)));
  using testing::ElementsAre;
  EXPECT_THAT(anchors(*module, "body", 1),
              ElementsAre("gather", "linear", "cache", "attention", "linear", "linear", "linear"));
  EXPECT_THAT(anchors(*module, "body", 64), ElementsAre("gather", "norm", "linear", "cache", "attention", "norm",
                                                        "linear", "norm", "linear", "norm", "linear"));
  for (auto kernel : module->getOps<kernel::FuncOp>())
    for (auto linear : kernel.getBody().getOps<model::LinearOp>())
      EXPECT_TRUE(isa<QuantizedElement>(linear.getX().getType().getElementType()));
}

TEST(Pipeline, NarrowedActivationsAreStoredNarrow) {
  MLIRContext context;
  OwningOpRef<ModuleOp> module = llamaModule(context, LlamaShape(), kAmxTarget);
  ASSERT_TRUE(module && succeeded(run(*module, Phase::Fuse)));
  // Every linear of a bf16 target reads bf16: casts ride with the kernels that make the rows, none has a kernel of its
  // own.
  for (auto kernel : module->getOps<kernel::FuncOp>()) {
    EXPECT_NE(kernel.getAnchor(), "elementwise");
    if (kernel.getAnchor() == "attention") {
      EXPECT_TRUE(cast<RankedTensorType>(kernel.getFunctionType().getResult(0)).getElementType().isBF16());
    }
  }
}

TEST(Pipeline, CodeDoesNotGrowWithDepth) {
  MLIRContext context;
  auto kernels = [&](int64_t layers) {
    LlamaShape shape;
    shape.layers = layers;
    OwningOpRef<ModuleOp> module = llamaModule(context, shape, kFmaTarget);
    EXPECT_TRUE(succeeded(run(*module, Phase::Fuse)));
    return llvm::range_size(module->getOps<kernel::FuncOp>());
  };
  EXPECT_EQ(kernels(1), kernels(9));
}

TEST(Pipeline, ThreadsDoNotChangeTheResult) {
  auto plan = [](bool threads) {
    MLIRContext context(threads ? MLIRContext::Threading::ENABLED : MLIRContext::Threading::DISABLED);
    OwningOpRef<ModuleOp> module = llamaModule(context, LlamaShape(), kAmxTarget);
    EXPECT_TRUE(succeeded(run(*module, Phase::Plan)));
    return print(*module);
  };
  EXPECT_EQ(plan(false), plan(true));
}

TEST(Pipeline, TargetsAgreeOnTheWeightSegment) {
  auto layout = [](const char *target) {
    MLIRContext context;
    LlamaShape shape;
    shape.tied = true;
    OwningOpRef<ModuleOp> module = llamaModule(context, shape, target);
    EXPECT_TRUE(succeeded(run(*module, Phase::Tile)));
    std::vector<std::string> result;
    for (PlacedWeight &placed : layOutWeights(*module).weights)
      result.push_back(llvm::formatv("{0} {1} {2} {3}", placed.weight.getSymName(), placed.weight.getRecipe(),
                                     placed.offset, placed.bytes));
    return result;
  };
  EXPECT_EQ(layout(kFmaTarget), layout(kAmxTarget));
}

TEST(Pipeline, EveryWeightFormatGoesThroughEveryPhase) {
  for (const char *type : {"f32", "f16", "bf16"})
    for (const char *format : {"auto", "bf16", "fp16", "fp32", "int8_wo", "int8_wo:g64,asym", "int4_wo", "q8_0", "q4_0",
                               "int4_wo:g32; layers.0.*=bf16; *up=q4_0"})
      for (const char *target : {kFmaTarget, kAmxTarget}) {
        MLIRContext context;
        LlamaShape shape;
        shape.type = type;
        OwningOpRef<ModuleOp> module = llamaModule(context, shape, target);
        EXPECT_TRUE(module && succeeded(run(*module, Phase::Plan, {{format, "auto"}, {{1, 3, 17}, {1}}})))
            << type << " as " << format;
      }
}

TEST(Pipeline, TotalsOfLlama8B) {
  MLIRContext context;
  LlamaShape shape = LlamaShape::llama8B();
  OwningOpRef<ModuleOp> module = llamaModule(context, shape, kAmxTarget);
  ASSERT_TRUE(module && succeeded(run(*module, Phase::Plan)));
  engine::VariantOp variant = findVariant(*module);
  uint64_t matrices = 2 * 128256ull * 4096 + 32 * (2 * 4096ull * 4096 + 2 * 1024ull * 4096 + 3 * 14336ull * 4096);
  uint64_t floats = 65 * 4096ull + 8192 * 128ull; // gains, rope table
  ASSERT_EQ(variant.getWeightBytes().size(), 1u);
  EXPECT_EQ(uint64_t(variant.getWeightBytes()[0]),
            2 * matrices + 4 * floats); // every size here is a multiple of a page
  EXPECT_EQ(variant.getKvBytes(), 2 * 32ull * 8 * 8192 * 8 * 128 * 2);
  EXPECT_EQ(variant.totalBytes(),
            variant.getArenaBytes() + variant.getIoBytes() + variant.getKvBytes() + variant.getWeightBytes()[0]);
  // At 256 rows the most alive together: the residual before and after the last linear of a layer, and its input in
  // bf16. No plan is smaller.
  EXPECT_EQ(variant.getArenaBytes(), 256ull * (2 * 4096 * 4 + 14336 * 2));
}

// Planning and code generation cost per kernel what they cost for two layers (docs/performance.md has `plan` in
// seconds).
TEST(Pipeline, KernelsOfLlama70BAreThoseOfTwoLayers) {
  auto kernelsOf = [](const LlamaShape &shape) -> int64_t {
    MLIRContext context(MLIRContext::Threading::DISABLED);
    OwningOpRef<ModuleOp> module = llamaModule(context, shape, kAmxTarget);
    if (!module || failed(run(*module, Phase::Plan)))
      return -1;
    return llvm::range_size(findVariant(*module).getOps<engine::KernelOp>());
  };
  LlamaShape deep = LlamaShape::llama70B(), shallow = deep;
  shallow.layers = 2;
  EXPECT_GT(kernelsOf(deep), 0);
  EXPECT_EQ(kernelsOf(deep), kernelsOf(shallow));
}

} // namespace
