#ifndef TENON_MODEL_TYPES
#define TENON_MODEL_TYPES

include "dialects/model/ModelBase.td"

def Model_CacheType : TypeDef<Model_Dialect, "Cache"> {
  let mnemonic = "cache";
  let summary = "one layer's paged keys and values";
  let description = [{
    `pages` pages of `page_tokens` tokens; each token has a key and a value of `kv_heads` x `head_dim` elements.
    Example: `!model.cache<64 x 64 x 4 x 32 x bf16>` (pages, page_tokens, kv_heads, head_dim).
  }];
  let parameters = (ins "int64_t":$pages, "int64_t":$pageTokens, "int64_t":$kvHeads, "int64_t":$headDim, "::mlir::Type":$elementType);
  let assemblyFormat = "`<` $pages `x` $pageTokens `x` $kvHeads `x` $headDim `x` $elementType `>`";
  let genVerifyDecl = 1;
}

#endif
