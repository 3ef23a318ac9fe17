#ifndef TENON_MODEL_ATTRS
#define TENON_MODEL_ATTRS

include "dialects/model/ModelBase.td"

def Model_ActivationKind : I32EnumAttr<"ActivationKind", "an activation function", [
    I32EnumAttrCase<"silu", 0>, I32EnumAttrCase<"gelu", 1>, I32EnumAttrCase<"gelu_tanh", 2>, I32EnumAttrCase<"relu", 3>]> {
  let cppNamespace = "::tenon::model";
  let genSpecializedAttr = 0;
}
def Model_ActivationKindAttr : EnumAttr<Model_Dialect, Model_ActivationKind, "activation_kind">;

def Model_CheckpointAttr : AttrDef<Model_Dialect, "Checkpoint", [DeclareAttrInterfaceMethods<WeightOrigin>]> {
  let mnemonic = "checkpoint";
  let summary = "a tensor of the checkpoint, by name; its type is the stored one";
  let parameters = (ins StringRefParameter<"checkpoint name">:$name, "::mlir::RankedTensorType":$type);
  let assemblyFormat = "`<` $name `,` $type `>`";
  let genVerifyDecl = 1;
}

def Model_RopeTableAttr : AttrDef<Model_Dialect, "RopeTable", [DeclareAttrInterfaceMethods<WeightOrigin>]> {
  let mnemonic = "rope_table";
  let summary = "rotary embedding rows, generated: [positions][head_dim/2 cosines, head_dim/2 sines] in f32";
  let description = [{
    `parameters` holds the scaling kind and its numbers as the model's config gives them (theta, rope_type, factor, ...).
    The attention factor of the scaling is folded into the table.
  }];
  let parameters = (ins "int64_t":$positions, "int64_t":$headDim, "::mlir::DictionaryAttr":$parameters);
  let assemblyFormat = "`<` $positions `,` $headDim `,` $parameters `>`";
  let genVerifyDecl = 1;
}

def Model_ConvertAttr : AttrDef<Model_Dialect, "Convert", [DeclareAttrInterfaceMethods<RecipeStep>]> {
  let mnemonic = "convert";
  let summary = "recipe step: round every element (the number that a code stands for) to another float type, to nearest even";
  let parameters = (ins "::mlir::Type":$elementType);
  let assemblyFormat = "`<` $elementType `>`";
  let genVerifyDecl = 1;
}

#endif
