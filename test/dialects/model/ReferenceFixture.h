// Parses a function of `model` ops and runs it through the reference evaluation.
#pragma once

#include "dialects/kernel/Kernel.h"
#include "dialects/model/Evaluate.h"
#include "dialects/model/Model.h"
#include "mlir/Parser/Parser.h"
#include <gtest/gtest.h>

namespace tenon {

class ReferenceFixture : public testing::Test, public ref::Context {
protected:
  ReferenceFixture() {
    context.loadDialect<model::ModelDialect, kernel::KernelDialect, mlir::func::FuncDialect>();
    context.getDiagEngine().registerHandler(
        [this](mlir::Diagnostic &diagnostic) { messages += diagnostic.str() + "\n"; });
  }

  static ref::Value tensor(llvm::ArrayRef<int64_t> shape, std::vector<float> values) {
    auto out = std::make_shared<ref::Tensor>();
    out->shape.assign(shape.begin(), shape.end());
    out->f32 = std::move(values);
    EXPECT_EQ(out->elements(), static_cast<int64_t>(out->f32.size()));
    return {out, nullptr};
  }
  static ref::Value indices(llvm::ArrayRef<int64_t> shape, std::vector<int32_t> values) {
    auto out = std::make_shared<ref::Tensor>();
    out->shape.assign(shape.begin(), shape.end());
    out->i32 = std::move(values);
    EXPECT_EQ(out->elements(), static_cast<int64_t>(out->i32.size()));
    return {out, nullptr};
  }
  static ref::Value emptyCache(int64_t pages, int64_t pageTokens, int64_t kvHeads, int64_t headDim) {
    auto out = std::make_shared<ref::Cache>(ref::Cache{pages, kvHeads, pageTokens, headDim, {}, {}, {}, {}});
    out->keys.resize(static_cast<size_t>(pages * kvHeads * pageTokens * headDim));
    out->values.resize(out->keys.size());
    return {nullptr, out};
  }

  // The results of the first operation with a region in `ir`.
  mlir::FailureOr<llvm::SmallVector<ref::Value>> evaluate(llvm::StringRef ir, llvm::ArrayRef<ref::Value> inputs) {
    module = mlir::parseSourceString<mlir::ModuleOp>(ir, &context);
    if (!module)
      return mlir::failure();
    for (mlir::Operation &op : *module->getBody())
      if (op.getNumRegions() == 1)
        return model::evaluateRegion(op.getRegion(0), inputs, *this);
    return mlir::failure();
  }
  // The one tensor that `ir` returns.
  ref::Tensor run(llvm::StringRef ir, llvm::ArrayRef<ref::Value> inputs) {
    auto results = evaluate(ir, inputs);
    if (mlir::failed(results) || results->size() != 1) {
      ADD_FAILURE() << "expected one result\n" << messages;
      return {};
    }
    return *results->front().tensor;
  }
  // The diagnostics of an evaluation that must fail after its input parsed.
  std::string fail(llvm::StringRef ir, llvm::ArrayRef<ref::Value> inputs) {
    messages.clear();
    bool failed = mlir::failed(evaluate(ir, inputs));
    EXPECT_TRUE(module) << messages;
    EXPECT_TRUE(failed) << "the evaluation succeeded";
    return messages;
  }

  std::shared_ptr<ref::Tensor> weight(llvm::StringRef symbol) override { return weights.lookup(symbol); }
  std::shared_ptr<ref::Cache> cache(llvm::StringRef symbol) override { return caches.lookup(symbol); }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string messages;
  llvm::StringMap<std::shared_ptr<ref::Tensor>> weights;
  llvm::StringMap<std::shared_ptr<ref::Cache>> caches;
};

} // namespace tenon
