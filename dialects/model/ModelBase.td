// The `model` dialect: what is computed. No device, no precision of arithmetic, no layout, no batch.
#ifndef TENON_MODEL_BASE
#define TENON_MODEL_BASE

include "dialects/interfaces/Interfaces.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Model_Dialect : Dialect {
  let name = "model";
  let cppNamespace = "::tenon::model";
  let summary = "what a transformer computes";
  let description = [{
    Ops on [rows, features] tensors of one step: each row is one token with a sequence slot and a position. Rows may be dynamic
    (`tensor<?x256xf32>`) until the steps are instantiated. Weights and caches are symbols; ops reach them through
    `model.get_weight` and `model.get_cache`.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
}

class Model_Op<string mnemonic, list<Trait> traits = []>
    : Op<Model_Dialect, mnemonic, !listconcat(traits, [DeclareOpInterfaceMethods<ReferenceEvaluation>])>;

class Model_SymbolOp<string mnemonic, list<Trait> traits = []> : Op<Model_Dialect, mnemonic, !listconcat(traits, [Symbol])>;

def Model_Quantized : Type<CPred<"::llvm::isa<::tenon::QuantizedElement>($_self)">, "quantized">;

def Model_Activations : 2DTensorOf<[F32, BF16]>;                // [rows][features]
def Model_Multiplied : 2DTensorOf<[F32, BF16, Model_Quantized]>; // activations as linear layers take them
def Model_Indices : 1DTensorOf<[I32]>;           // [rows]
def Model_Table : 2DTensorOf<[I32]>;             // segments, block tables
def Model_Vector : 1DTensorOf<[F32, F16, BF16]>; // gains, biases
def Model_Matrix : 2DTensorOf<[F32, F16, BF16, Model_Quantized]>; // [out][in], tables by row
def Model_Stored : RankedTensorOf<[F32, F16, BF16, Model_Quantized]>;

#endif
