// What passes and emitters ask of an op instead of asking which op it is.
#ifndef TENON_INTERFACES
#define TENON_INTERFACES

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def FusionRole : OpInterface<"FusionRole"> {
  let cppNamespace = "::tenon";
  let description = [{
    The part an op can play in a kernel: an `anchor` decides the loop nest (its name selects the emitter), a `prologue` prepares
    whole rows of an anchor's input, an `elementwise` op maps equal positions of its operands and rides in any anchor's tile loop.
  }];
  let methods = [
    InterfaceMethod<"anchor, prologue or elementwise", "::tenon::Role", "getFusionRole">,
    InterfaceMethod<[{
      The emitter of a kernel that this op leads: linear, attention, combine, gather, cache, norm or elementwise. Anchors always lead; the
      others do where no anchor took them in.
    }], "::llvm::StringRef", "getAnchorName">
  ];
}

def CostModel : OpInterface<"CostModel"> {
  let cppNamespace = "::tenon";
  let description = "Work of one evaluation with static shapes; rows that are padding count.";
  let methods = [
    InterfaceMethod<"arithmetic operations, a multiply-add counting two", "int64_t", "getFlops">,
    InterfaceMethod<"weight bytes read once, as stored", "int64_t", "getWeightBytes", (ins), "", "return 0;">
  ];
}

def VectorElementwise : OpInterface<"VectorElementwise"> {
  let cppNamespace = "::tenon";
  let description = [{
    How an elementwise op acts on f32 vectors of any length: one operand value per tensor operand, in order. Emits vector, arith and
    math ops only; the target lowers math.exp, math.tanh and math.erf itself, and arith.truncf to bf16 where it has no such
    instruction. A bf16 operand arrives widened, a bf16 result leaves as the f32 vector of the rounded numbers.
  }];
  let methods = [
    InterfaceMethod<"the result vector", "::mlir::Value", "emitVector",
                    (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc, "::mlir::ValueRange":$operands)>
  ];
}

def ReferenceEvaluation : OpInterface<"ReferenceEvaluation"> {
  let cppNamespace = "::tenon";
  let description = "The op's formula in plain f32 loops, written to be read: the reference for every kernel.";
  let methods = [
    InterfaceMethod<"fills `results` (one per op result) from `operands`", "::llvm::LogicalResult", "evaluate",
                    (ins "::tenon::ref::Context &":$context, "::llvm::ArrayRef<::tenon::ref::Value>":$operands,
                         "::llvm::SmallVectorImpl<::tenon::ref::Value> &":$results)>
  ];
}

def WeightOrigin : AttrInterface<"WeightOrigin"> {
  let cppNamespace = "::tenon";
  let description = "Where the elements of a weight come from, before any recipe step.";
  let methods = [InterfaceMethod<"the tensor as the source has it", "::mlir::RankedTensorType", "getSourceType">];
}

def RecipeStep : AttrInterface<"RecipeStep"> {
  let cppNamespace = "::tenon";
  let description = [{
    One step from a checkpoint tensor to the stored bytes of a weight. Steps are data: compiler/weights executes them, passes append
    them, nothing else knows them.
  }];
  let methods = [
    InterfaceMethod<"the logical type after this step; null with a diagnostic when it does not apply", "::mlir::RankedTensorType",
                    "apply", (ins "::mlir::RankedTensorType":$input, "::llvm::function_ref<::mlir::InFlightDiagnostic()>":$emitError)>,
    InterfaceMethod<"bytes stored for a tensor of this type, padding included; the last step's answer counts", "uint64_t",
                    "storedBytes", (ins "::mlir::RankedTensorType":$type)>
  ];
}

def NumberFormat : AttrInterface<"NumberFormat"> {
  let cppNamespace = "::tenon";
  let description = "A number format that is no builtin element type: how many bytes its tensors take (dialects/qt/Storage.h says which).";
  let methods = [
    InterfaceMethod<"bytes of one row of a tensor that is stored by rows; 0 for a format that is not", "uint64_t", "rowBytes", (ins "int64_t":$columns)>,
    InterfaceMethod<"bytes of a panel of 16 rows of a matrix that is stored in panels; 0 for a format that is not", "uint64_t", "panelBytes",
                    (ins "int64_t":$columns)>,
    InterfaceMethod<"inputs that a line of a panel holds side by side, the `k` of its packed layout; 0 for a format without panels", "int64_t",
                    "panelInputs">
  ];
}

def QuantizedElement : TypeInterface<"QuantizedElement"> {
  let cppNamespace = "::tenon";
  let description = "An element type that stands for a number format.";
  let methods = [InterfaceMethod<"", "::tenon::NumberFormat", "getFormat">];
}

#endif
