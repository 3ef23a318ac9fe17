#ifndef TENON_ENGINE_ATTRS
#define TENON_ENGINE_ATTRS

include "dialects/engine/EngineBase.td"

def Engine_Region : I32EnumAttr<"Region", "a region of memory", [
    I32EnumAttrCase<"weights", 0>, I32EnumAttrCase<"kv", 1>, I32EnumAttrCase<"io", 2>, I32EnumAttrCase<"arena", 3>]> {
  let cppNamespace = "::tenon::engine";
  let genSpecializedAttr = 0;
}

def Engine_SliceAttr : AttrDef<Engine_Dialect, "Slice"> {
  let mnemonic = "slice";
  let summary = "bytes of a region: `#engine.slice<region, index, offset, bytes>`";
  let description = [{
    `index` picks the weight segment for `weights` and is 0 for `kv`, `io` and `arena`. Offsets are multiples of 64, so that every
    argument of a kernel is aligned to a cache line; `bytes` is the exact size without padding.

    Example: `#engine.slice<arena, 0, 4096, 1024>`.
  }];
  let parameters = (ins EnumParameter<Engine_Region>:$region, "uint32_t":$index, "uint64_t":$offset, "uint64_t":$bytes);
  let assemblyFormat = "`<` $region `,` $index `,` $offset `,` $bytes `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    // First byte after the slice; the verifier has ruled out overflow.
    uint64_t end() const { return getOffset() + getBytes(); }
    bool overlaps(SliceAttr other) const;
  }];
}

def Engine_SliceArray : TypedArrayAttrBase<Engine_SliceAttr, "slices of memory">;

#endif
