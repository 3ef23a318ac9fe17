// A Llama-shaped `model` module of any size, as a family would build it, for tests of the phases.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include <string>

namespace tenon::test {

struct LlamaShape {
  int64_t hidden = 64, intermediate = 128, heads = 4, kvHeads = 2, headDim = 16, vocab = 96, layers = 2;
  int64_t context = 128, sequences = 2; // pages of 64 tokens
  bool tied = false;
  std::string type = "bf16"; // of all checkpoint tensors

  static LlamaShape llama8B();
  static LlamaShape llama70B();
};

extern const char *const kFmaTarget; // #kernel.target attributes
extern const char *const kAmxTarget;

// The module's text; `target` becomes its kernel.target.
std::string llamaText(const LlamaShape &shape, const std::string &target);

// Parsed into `context`, which gets the dialects it needs. Null where the text does not parse.
mlir::OwningOpRef<mlir::ModuleOp> llamaModule(mlir::MLIRContext &context, const LlamaShape &shape,
                                              const std::string &target);

} // namespace tenon::test
