// The way of one kernel: kernel.func -> structured ops -> LLVM dialect -> object file. compileKernels runs it for all
// kernels of a module on several threads and links the objects in the module's order, so that the bytes depend on
// neither.
#pragma once

#include "codegen/Target.h"
#include "codegen/cpu/Link.h"

namespace tenon::codegen::cpu {

void registerPipelineDialects(mlir::DialectRegistry &registry);

// A module with the code of `func` in scf, arith, math, vector, func and LLVM memory ops.
mlir::OwningOpRef<mlir::ModuleOp> emitKernel(kernel::FuncOp func);

// emitKernel's ops to the LLVM dialect, in place.
mlir::LogicalResult lowerToLLVM(mlir::ModuleOp module);

// What LLVM generates code for; from a target, or by hand in tests that run code on another machine.
struct Machine {
  std::string triple, cpu, tune;
  std::string features; // "+avx2,+fma"
  int64_t vectorBits;
  static Machine of(kernel::TargetAttr target);
};

enum class Stage { LLVM, Assembly, Object };
// Optimizes an LLVM-dialect module for `machine` and writes it in the form asked for: LLVM IR text, assembly or an
// object.
mlir::FailureOr<ObjectFile> generate(mlir::ModuleOp module, const Machine &machine, Stage stage);

// What is done to each kernel's structured ops before they are lowered; tests put a lowering for missing instructions
// here.
using Rewrite = llvm::function_ref<mlir::LogicalResult(mlir::ModuleOp)>;

// Code for all kernels of `module`, for `machine`.
mlir::FailureOr<CodeImage> compileKernels(mlir::ModuleOp module, const Machine &machine, unsigned threads,
                                          Rewrite rewrite = nullptr);

// As compileKernels, but stops at text: all kernels' LLVM IR or assembly, in order.
mlir::FailureOr<std::string> printKernels(mlir::ModuleOp module, const Machine &machine, Stage stage,
                                          Rewrite rewrite = nullptr);

} // namespace tenon::codegen::cpu
