#ifndef TENON_MODEL_SYMBOLS
#define TENON_MODEL_SYMBOLS

include "dialects/model/ModelAttrs.td"
include "dialects/model/ModelTypes.td"

def Model_WeightOp : Model_SymbolOp<"weight"> {
  let summary = "a weight symbol: where its bytes come from and what is done to them";
  let description = [{
    Holds no bytes. `source` is a `#model.checkpoint` or a generated `#model.rope_table`; `recipe` the steps from the source to the stored bytes,
    to which passes append. `type` is the logical type after the recipe (packing changes bytes, not the type).

    ```mlir
    model.weight @"layers.0.q" : tensor<256x256xbf16> from #model.checkpoint<"model.layers.0.self_attn.q_proj.weight", tensor<256x256xbf16>> recipe []
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<Model_Stored>:$type, AnyAttr:$source, ArrayAttr:$recipe);
  let assemblyFormat = "$sym_name `:` $type `from` $source `recipe` $recipe attr-dict";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::RankedTensorType getTensorType() { return ::llvm::cast<::mlir::RankedTensorType>(getType()); }
    // The type of the source before any recipe step.
    ::mlir::RankedTensorType getSourceType();
    // Bytes in the engine file, padding included.
    uint64_t getStoredBytes();
  }];
}

def Model_GetWeightOp : Model_Op<"get_weight", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the logical contents of a weight symbol";
  let description = [{
    ```mlir
    %w = model.get_weight @"layers.0.q" : tensor<256x256xbf16>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$symbol);
  let results = (outs Model_Stored:$result);
  let assemblyFormat = "$symbol `:` type($result) attr-dict";
}

def Model_CacheOp : Model_SymbolOp<"cache"> {
  let summary = "one layer's KV cache, alive as long as the engine";
  let description = [{
    ```mlir
    model.cache @kv.0 : !model.cache<64 x 64 x 4 x 32 x bf16>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<Model_CacheType>:$type);
  let assemblyFormat = "$sym_name `:` $type attr-dict";
}

def Model_GetCacheOp : Model_Op<"get_cache", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a handle to a KV cache symbol";
  let description = [{
    ```mlir
    %c = model.get_cache @kv.0 : !model.cache<64 x 64 x 4 x 32 x bf16>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$symbol);
  let results = (outs Model_CacheType:$result);
  let assemblyFormat = "$symbol `:` type($result) attr-dict";
}

#endif
