#include "codegen/cpu/Pipeline.h"
#include "codegen/common/ExpandMath.h"
#include "codegen/cpu/Emitters.h"
#include "codegen/cpu/Targets.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/Support/ThreadPool.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using namespace tenon::codegen::cpu;

OwningOpRef<ModuleOp> tenon::codegen::cpu::emitKernel(kernel::FuncOp func) {
  EmitFn emit = findEmitter(func);
  if (!emit) {
    func.emitOpError() << "has anchor \"" << func.getAnchor() << "\", which the CPU has no emitter for";
    return {};
  }
  OwningOpRef<ModuleOp> module = ModuleOp::create(func.getLoc());
  KernelBuilder builder(*module, func);
  if (failed(emit(builder, func)) || failed(builder.finish()))
    return {};
  return module;
}

LogicalResult tenon::codegen::cpu::lowerToLLVM(ModuleOp module) {
  MLIRContext *context = module.getContext();
  RewritePatternSet math(context);
  populateExpandMathPatterns(math);
  if (failed(applyPatternsGreedily(module, std::move(math))))
    return module.emitError("expanding math functions did not end");

  // One conversion for everything: partly converted control flow could not carry converted types through its blocks.
  LLVMTypeConverter types(context);
  LLVMConversionTarget target(*context);
  target.addLegalOp<ModuleOp>();
  RewritePatternSet patterns(context);
  populateSCFToControlFlowConversionPatterns(patterns);
  cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
  arith::populateArithToLLVMConversionPatterns(types, patterns);
  populateMathToLLVMConversionPatterns(types, patterns);
  populateFuncToLLVMConversionPatterns(types, patterns);
  populateVectorToLLVMConversionPatterns(types, patterns);
  return applyFullConversion(module, target, std::move(patterns));
}

static SmallVector<kernel::FuncOp> kernelsOf(ModuleOp module) {
  return llvm::to_vector(module.getOps<kernel::FuncOp>());
}

static FailureOr<ObjectFile> compileKernel(kernel::FuncOp func, const Machine &machine, Stage stage, Rewrite rewrite) {
  OwningOpRef<ModuleOp> module = emitKernel(func);
  if (!module || (rewrite && failed(rewrite(*module))) || failed(lowerToLLVM(*module)))
    return failure();
  return generate(*module, machine, stage);
}

FailureOr<CodeImage> tenon::codegen::cpu::compileKernels(ModuleOp module, const Machine &machine, unsigned threads,
                                                         Rewrite rewrite) {
  SmallVector<kernel::FuncOp> kernels = kernelsOf(module);
  std::vector<FailureOr<ObjectFile>> objects(kernels.size(), failure());
  if (threads <= 1) {
    for (auto [kernel, object] : llvm::zip_equal(kernels, objects))
      object = compileKernel(kernel, machine, Stage::Object, rewrite);
  } else {
    // Diagnostics come out in the order of the kernels, whichever thread is first.
    ParallelDiagnosticHandler diagnostics(module.getContext());
    llvm::DefaultThreadPool pool(llvm::hardware_concurrency(threads));
    for (size_t i = 0; i < kernels.size(); ++i)
      pool.async([&, i] {
        diagnostics.setOrderIDForThread(i);
        objects[i] = compileKernel(kernels[i], machine, Stage::Object, rewrite);
        diagnostics.eraseOrderIDForThread();
      });
    pool.wait();
  }
  std::vector<ObjectFile> linked;
  for (FailureOr<ObjectFile> &object : objects) {
    if (failed(object))
      return failure();
    linked.push_back(std::move(*object));
  }
  return linkSharedObject(linked, [&] { return emitError(module.getLoc()); }); // without the module's text
}

FailureOr<std::string> tenon::codegen::cpu::printKernels(ModuleOp module, const Machine &machine, Stage stage,
                                                         Rewrite rewrite) {
  std::string text;
  for (kernel::FuncOp func : kernelsOf(module)) {
    FailureOr<ObjectFile> part = compileKernel(func, machine, stage, rewrite);
    if (failed(part))
      return failure();
    text.append(part->begin(), part->end());
  }
  return text;
}
