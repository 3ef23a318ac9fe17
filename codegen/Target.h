// A compilation target: what a spec such as "cpu:x86-64-v4+avx512bf16" means and how kernels become code for it.
//
// Everything that depends on a machine stands in the resolved #kernel.target attribute; nothing here looks at the
// machine it runs on. `native` is resolved against a host description that the caller passes in.
#pragma once

#include "dialects/kernel/Kernel.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include <string>
#include <vector>

namespace tenon::codegen {

// The machine that `native` stands for.
struct Host {
  std::string arch;                  // "x86-64" or "aarch64"; empty: no host known, `native` is refused
  std::vector<std::string> features; // LLVM feature names without sign, in any order
};

using EmitError = llvm::function_ref<mlir::InFlightDiagnostic()>;

// Marks an error as the system's refusal (of memory, of a file's size) rather than a fault of the module.
inline mlir::InFlightDiagnostic asResourceError(mlir::InFlightDiagnostic diagnostic) {
  diagnostic.getUnderlyingDiagnostic()->getMetadata().emplace_back(llvm::StringRef("resource"));
  return diagnostic;
}
inline bool isResourceError(mlir::Diagnostic &diagnostic) {
  return llvm::any_of(diagnostic.getMetadata(), [](const mlir::DiagnosticArgument &argument) {
    return argument.getKind() == mlir::DiagnosticArgument::DiagnosticArgumentKind::String &&
           argument.getAsString() == "resource";
  });
}

// One code image: a shared object (CPU) that exports the kernels of a module by name.
using CodeImage = std::vector<char>;

enum class CodeText { LLVM, Assembly };

class Target {
public:
  virtual ~Target() = default;

  // What the specs of this target begin with: "cpu:".
  virtual llvm::StringRef prefix() const = 0;
  // The specs that a user may write, for help and error texts.
  virtual std::vector<std::string> specs() const = 0;

  // The attribute for `spec`. Its own `spec` is the canonical spelling ("cpu:native" never appears in it), so equal
  // targets have equal attributes. Fails with a diagnostic that names what is known when `spec` is not.
  virtual mlir::FailureOr<kernel::TargetAttr> resolve(mlir::MLIRContext *context, llvm::StringRef spec,
                                                      const Host &host, EmitError emitError) const = 0;

  // Code for all kernel.func ops of `module` (each with target, tiling and layouts), which is left as it is. All
  // kernels have the same target. The bytes depend on the module only: not on `threads`, paths or time. `module`'s
  // context must have threading enabled where threads > 1, and hold the dialects of `loadDialects`. Kernel code takes
  // its arguments as kernelPointers (common/Abi.h) lists them.
  virtual mlir::FailureOr<CodeImage> compile(mlir::ModuleOp module, unsigned threads) const = 0;

  // The code of the same kernels as text, for people and tests.
  virtual mlir::FailureOr<std::string> print(mlir::ModuleOp module, CodeText form) const = 0;

  // Adds the dialects and translations that compile() needs. Call before the context is made or before the first
  // compile.
  virtual void registerDialects(mlir::DialectRegistry &registry) const = 0;
};

// The target whose prefix `spec` begins with, null for none.
const Target *findTarget(llvm::StringRef spec);
// All targets of this build, in a fixed order.
llvm::ArrayRef<const Target *> allTargets();

} // namespace tenon::codegen
