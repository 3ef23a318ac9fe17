#ifndef TENON_QT_ATTRS
#define TENON_QT_ATTRS

include "dialects/qt/Scheme.td"

// What the bytes are follows from `storage`; the rule that finds codes is the scheme's own file.
class Qt_SchemeAttr<string name, string attrMnemonic, string storage, string recipeName> : AttrDef<Qt_Dialect, name, [
    DeclareAttrInterfaceMethods<NumberFormat>, DeclareAttrInterfaceMethods<Qt_Scheme>]> {
  let mnemonic = attrMnemonic;
  let extraClassDefinition =
      "std::string $cppClass::getRecipeName() const { return " # recipeName # "; }\n"
      "::tenon::qt::Storage $cppClass::getStorage() const { return " # storage # "; }\n" # [{
      uint64_t $cppClass::rowBytes(int64_t) const { return 0; }
      uint64_t $cppClass::panelBytes(int64_t columns) const {
        return static_cast<uint64_t>(::tenon::qt::PanelLayout(getStorage(), columns).panelBytes());
      }
      int64_t $cppClass::panelInputs() const { return ::tenon::qt::PanelLayout(getStorage(), 1).inputsPerLine(); }
  }];
}

// Schemes with groups of 32, 64 or 128 inputs.
class Qt_GroupSchemeAttr<string name, string attrMnemonic, int width, string recipeName>
    : Qt_SchemeAttr<name, attrMnemonic, "{.bits = " # width # ", .group = getGroup(), .zeroPoints = getAsym()}",
                    "\"" # recipeName # ":g\" + std::to_string(getGroup()) + (getAsym() ? \",asym\" : \"\")"> {
  let parameters = (ins "int64_t":$group, DefaultValuedParameter<"bool", "false">:$asym);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Qt_Int8Attr : Qt_SchemeAttr<"Int8", "int8", "{.bits = 8, .group = 0}", "\"int8_wo\""> {
  let summary = "8 bits, one f32 scale per output: scale = max abs / 127, round half to even";
}

def Qt_Int8GroupAttr : Qt_GroupSchemeAttr<"Int8Group", "int8_group", 8, "int8_wo"> {
  let summary = "8 bits in groups of 32, 64 or 128 inputs with an f16 scale";
  let description = "Symmetric: scale = max abs / 127. Asymmetric: scale = (max - min) / 255, zero = round(-min / scale).";
}

def Qt_Int4GroupAttr : Qt_GroupSchemeAttr<"Int4Group", "int4_group", 4, "int4_wo"> {
  let summary = "4 bits in groups of 32, 64 or 128 inputs with an f16 scale";
  let description = "Symmetric: scale = max abs / 7. Asymmetric: scale = (max - min) / 15, zero = round(-min / scale).";
}

def Qt_Q8_0Attr : Qt_SchemeAttr<"Q8_0", "q8_0", "{.bits = 8, .group = 32}", "\"q8_0\""> {
  let summary = "GGUF's Q8_0: 8 bits in groups of 32, f16 scale = max abs / 127, round half away from zero";
}

def Qt_Q4_0Attr : Qt_SchemeAttr<"Q4_0", "q4_0", "{.bits = 4, .group = 32}", "\"q4_0\""> {
  let summary = "GGUF's Q4_0: 4 bits in groups of 32, f16 scale = signed max / -8, codes truncated from x / scale + 8.5";
}

def Qt_RowsInt8Attr : AttrDef<Qt_Dialect, "RowsInt8", [DeclareAttrInterfaceMethods<NumberFormat>]> {
  let mnemonic = "rows_int8";
  let summary = "activations in 8 bits, quantized while the step runs: scale = max abs / 127, round half to even";
  let description = [{
    One f32 scale per row, or per `group` inputs of it. Beside the codes stands their sum over every `sums` inputs, the smaller of `group` and
    the group of the weights that will meet them; 0 is the whole row. A group of zeros (below 2^-100) has scale 0 and codes 0.
    Where those weights have one zero point for all codes it is `zero`, and sums are stored times -zero: sums of products start there.
    Example: `#qt.rows_int8<group = 0, sums = 128, zero = 8>`.
  }];
  let parameters = (ins "int64_t":$group, "int64_t":$sums, DefaultValuedParameter<"int64_t", "0">:$zero);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Qt_QuantizeWeightAttr : AttrDef<Qt_Dialect, "QuantizeWeight", [DeclareAttrInterfaceMethods<RecipeStep>]> {
  let mnemonic = "quantize";
  let summary = "recipe step: quantize a matrix row by row";
  let description = [{
    Of a matrix in another scheme the numbers that its codes stand for. A source that has this scheme already needs no step: its codes are
    packed as they are.
  }];
  let parameters = (ins "::mlir::Attribute":$scheme);
  let assemblyFormat = "`<` $scheme `>`";
  let genVerifyDecl = 1;
}

#endif
