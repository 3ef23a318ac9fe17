// The CPU targets: a table of rows, and specs built from them: "cpu:<row>[+feature...]" or "cpu:native".
#pragma once

#include "codegen/Target.h"

namespace tenon::codegen::cpu {

// A level of instruction sets with the numbers that schedules are made from.
struct TargetRow {
  const char *name; // "x86-64-v4"
  const char *arch; // as in Host
  const char *triple;
  const char *cpu;                       // LLVM's name of the level: what code may use besides the features below
  const char *tune;                      // LLVM's name of the CPU whose timing the scheduler assumes
  llvm::ArrayRef<const char *> features; // what the code needs, sorted
  llvm::ArrayRef<const char *> optional; // what may follow as "+feature", sorted
  const char *dot;                       // multiplier for 16-bit weights; "bf16" needs avx512bf16, "amx" amx-bf16
  llvm::ArrayRef<std::pair<const char *, int64_t>> numbers;
  llvm::ArrayRef<std::pair<const char *, int64_t>> bf16Numbers; // in their place with avx512bf16
};

// In order of preference for `native`.
llvm::ArrayRef<TargetRow> targetRows();

// The row that a resolved target was made from.
const TargetRow &rowOf(kernel::TargetAttr target);

mlir::FailureOr<kernel::TargetAttr> resolveTarget(mlir::MLIRContext *context, llvm::StringRef spec, const Host &host,
                                                  EmitError emitError);

} // namespace tenon::codegen::cpu
