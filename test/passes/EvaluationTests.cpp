// The phases change no number: after each of them the reference evaluation of an entry gives the same bits as before
// it, for every bucket, padding rows and paged caches included. Formats alone may round, so they come first.
#include "dialects/model/Evaluate.h"
#include "dialects/model/Model.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/Pipelines.h"
#include "test/passes/LlamaModule.h"
#include "gtest/gtest.h"
#include <random>

using namespace mlir;
using namespace tenon;
using namespace tenon::test;

namespace {

// Weights from the symbol's name and shape, caches empty at the start.
class Memory : public ref::Context {
public:
  explicit Memory(ModuleOp module) : module(module) {}

  std::shared_ptr<ref::Tensor> weight(llvm::StringRef symbol) override {
    std::shared_ptr<ref::Tensor> &tensor = weights[symbol];
    if (!tensor) {
      auto type = module.lookupSymbol<model::WeightOp>(symbol).getTensorType();
      tensor = std::make_shared<ref::Tensor>();
      tensor->shape.assign(type.getShape().begin(), type.getShape().end());
      std::mt19937 random(std::hash<std::string_view>{}(symbol));
      for (int64_t i = 0; i < tensor->elements(); ++i) // eighths: exact in bf16
        tensor->f32.push_back(float(int(random() % 17) - 8) / 8);
    }
    return tensor;
  }

  std::shared_ptr<ref::Cache> cache(llvm::StringRef symbol) override {
    std::shared_ptr<ref::Cache> &cache = caches[symbol];
    if (!cache) {
      auto type = cast<model::CacheType>(module.lookupSymbol<model::CacheOp>(symbol).getType());
      cache = std::make_shared<ref::Cache>(
          ref::Cache{type.getPages(), type.getKvHeads(), type.getPageTokens(), type.getHeadDim(), {}, {}, {}, {}});
      cache->keys.resize(cache->at(type.getPages(), 0, 0));
      cache->values.resize(cache->keys.size());
    }
    return cache;
  }

  llvm::StringMap<std::shared_ptr<ref::Cache>> caches;

private:
  ModuleOp module;
  llvm::StringMap<std::shared_ptr<ref::Tensor>> weights;
};

ref::Value indices(std::vector<int64_t> shape, std::vector<int32_t> values) {
  auto tensor = std::make_shared<ref::Tensor>();
  tensor->shape.assign(shape.begin(), shape.end());
  tensor->i32 = std::move(values);
  return {tensor, nullptr};
}

// Five rows: three of sequence 1, one of sequence 0, one of padding.
std::vector<ref::Value> bodyInputs() {
  return {indices({5}, {7, 95, 0, 3, 0}), indices({5}, {0, 1, 2, 0, 0}), indices({5}, {1, 1, 1, 0, -1}),
          indices({2, 4}, {1, 0, 3, 3, 0, 3, 1, 1}), indices({2, 2}, {2, 0, 1, 3})};
}

struct Outcome {
  std::vector<float> hidden, logits, keys;
  bool operator==(const Outcome &) const = default;
};

class Evaluation : public testing::TestWithParam<const char *> {
protected:
  // Runs a body of five rows and a head of two after all phases up to `last`.
  Outcome after(Phase last) {
    MLIRContext context;
    LlamaShape shape;
    shape.tied = true;
    OwningOpRef<ModuleOp> module = llamaModule(context, shape, GetParam());
    PassManager pm(&context);
    addPhases(pm, {{"auto"}, {{5}, {2}}}, last);
    EXPECT_TRUE(module && succeeded(pm.run(*module)));
    Memory memory(*module);
    bool steps = last >= Phase::Steps;
    ref::Value hidden = run(*module, steps ? "body_5" : "body", bodyInputs(), memory);
    ref::Value logits = run(*module, steps ? "head_2" : "head", {hidden, indices({2}, {2, 3})}, memory);
    return {hidden.tensor->f32, logits.tensor->f32, memory.caches["layers.1.cache"]->keys};
  }

  static ref::Value run(ModuleOp module, llvm::StringRef entry, llvm::ArrayRef<ref::Value> inputs, Memory &memory) {
    auto function = module.lookupSymbol<func::FuncOp>(entry);
    auto results = model::evaluateRegion(function.getBody(), inputs, memory);
    EXPECT_TRUE(succeeded(results) && results->size() == 1);
    return results->front();
  }
};

TEST_P(Evaluation, StepsFuseAndTileKeepEveryBit) {
  Outcome formats = after(Phase::Formats);
  // The cache was written, and the rows are numbers that differ.
  EXPECT_NE(formats.keys, std::vector<float>(formats.keys.size()));
  EXPECT_NE(formats.logits.front(), formats.logits.back());
  EXPECT_TRUE(std::isfinite(formats.logits.front()));
  EXPECT_EQ(after(Phase::Steps), formats);
  EXPECT_EQ(after(Phase::Fuse), formats);
  EXPECT_EQ(after(Phase::Tile), formats);
}

INSTANTIATE_TEST_SUITE_P(Targets, Evaluation, testing::Values(kFmaTarget, kAmxTarget),
                         [](const auto &info) { return std::string(info.param == kFmaTarget ? "fma" : "amx"); });

} // namespace
