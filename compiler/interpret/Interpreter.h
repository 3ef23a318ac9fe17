// Runs the entries of a module on one sequence, op by op, through the reference evaluation.
//
// Takes modules of any phase that still has its functions: entries with dynamic rows, or one static function for each
// bucket; `model` ops, kernel groups or launches of kernels.
#pragma once

#include "dialects/interfaces/Reference.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "runtime/base/Status.h"

namespace tenon {

class Interpreter {
public:
  // `module` and `contents` must outlive this. Usage where the module has no entries or they have not the arguments of
  // docs/dialects/model.md.
  static Result<Interpreter> open(mlir::ModuleOp module, ref::Context &contents);

  // Feeds the next tokens of the sequence and appends the logits of each of them to `logits` ([tokens][vocab()]).
  // Constraint: more tokens than the module's caches hold. Other failures: the op's diagnostic, as InvalidFile.
  Status feed(llvm::ArrayRef<int32_t> tokens, std::vector<float> &logits);

  int64_t vocab() const { return vocab_; }
  int64_t position() const { return position_; }
  int64_t maxContext() const { return maxContext_; }

private:
  // One function of an entry; rows is ShapedType::kDynamic where it takes any number.
  struct Program {
    mlir::func::FuncOp function;
    int64_t rows;
  };
  Interpreter(ref::Context &contents) : contents_(&contents) {}
  Status addProgram(mlir::func::FuncOp function);
  // The program for the next of `remaining` rows, and how many of them it takes.
  static std::pair<Program, int64_t> choose(llvm::ArrayRef<Program> programs, int64_t remaining);
  Result<ref::Value> run(mlir::func::FuncOp function, llvm::ArrayRef<ref::Value> arguments);

  ref::Context *contents_;
  llvm::SmallVector<Program> body_, head_; // ascending rows
  int64_t vocab_ = 0, position_ = 0, maxContext_ = 0;
  int64_t slots_ = 0, pagesPerSequence_ = 0;
};

} // namespace tenon
