// The `qt` dialect: in which number format values are stored and multiplied.
#ifndef TENON_QT_BASE
#define TENON_QT_BASE

include "dialects/interfaces/Interfaces.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Qt_Dialect : Dialect {
  let name = "qt";
  let cppNamespace = "::tenon::qt";
  let summary = "in which number format weights and activations are held";
  let description = [{
    A quantized tensor is `tensor<704x256x!qt.quantized<#qt.q4_0>>`: the shape is the logical one, the element type says how numbers are
    coded. A scheme attribute is one format. Weight schemes quantize along the input dimension of a matrix [out, in] and are stored in
    panels of 16 outputs; row schemes quantize activations while a step runs and are stored by rows.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
}

class Qt_Op<string mnemonic, list<Trait> traits = []>
    : Op<Qt_Dialect, mnemonic, !listconcat(traits, [DeclareOpInterfaceMethods<ReferenceEvaluation>])>;

#endif
