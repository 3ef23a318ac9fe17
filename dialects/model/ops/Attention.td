// Ops that know heads, positions and the paged KV cache.
//   positions   i32[N]          absolute position of each row
//   slots       i32[N]          sequence slot of each row, -1 for a padding row
//   segments    i32[S][4]       {slot, first row, rows, context}: context counts this step's rows; rows 0 marks an unused entry
//   block_table i32[slots][P]   page id of each page of each sequence
#ifndef TENON_MODEL_ATTENTION
#define TENON_MODEL_ATTENTION

include "dialects/model/ops/Rows.td"

def Model_RopeOp : Model_PrologueOp<"rope", "cache", [Pure]> {
  let summary = "rotary position embedding, rotate-half form";
  let description = [{
    For each head of size 2h, with c, s = table[positions[n]] (first h entries cosines, last h sines):
    y[d] = x[d] * c[d] - x[d + h] * s[d];  y[d + h] = x[d + h] * c[d] + x[d] * s[d],  0 <= d < h.

    ```mlir
    %y = model.rope %x, %positions, %table heads 8 : tensor<?x256xf32>, tensor<?xi32>, tensor<1024x32xf32>
    ```
  }];
  let arguments = (ins Model_Activations:$x, Model_Indices:$positions, Model_Matrix:$table, I64Attr:$heads);
  let results = (outs Model_Activations:$result);
  let assemblyFormat = "$x `,` $positions `,` $table `heads` $heads attr-dict `:` type($x) `,` type($positions) `,` type($table) `->` type($result)";
  let hasVerifier = 1;
}

def Model_CacheAppendOp : Model_AnchorOp<"cache_append", "cache"> {
  let summary = "writes this step's keys and values into the cache";
  let description = [{
    For each row n with slots[n] >= 0, p = positions[n]: page = block_table[slots[n], p / page_tokens],
    cache.keys[page, :, p % page_tokens, :] = k[n], cache.values[...] = v[n], rounded to the cache's element type.

    ```mlir
    model.cache_append %k, %v into %cache at %positions, %slots, %block_table
      : tensor<?x128xf32>, tensor<?x128xf32>, !model.cache<64 x 64 x 4 x 32 x bf16>, tensor<?xi32>, tensor<?xi32>, tensor<4x16xi32>
    ```
  }];
  let arguments = (ins Model_Activations:$k, Model_Activations:$v, Arg<Model_CacheType, "", [MemWrite]>:$cache,
                       Model_Indices:$positions, Model_Indices:$slots, Model_Table:$block_table);
  let assemblyFormat = [{
    $k `,` $v `into` $cache `at` $positions `,` $slots `,` $block_table attr-dict
    `:` type($k) `,` type($v) `,` type($cache) `,` type($positions) `,` type($slots) `,` type($block_table)
  }];
  let hasVerifier = 1;
}

def Model_AttentionOp : Model_AnchorOp<"attention", "attention"> {
  let summary = "causal grouped-query attention over the paged cache";
  let description = [{
    For row j of a segment {slot, first, rows, context}, position p = context - rows + j, query head h of kv head g = h / (heads / kv_heads):
    w[t] = softmax_t(scale * q[first + j, h] . keys[g, t]) over 0 <= t <= p;  y[first + j, h] = sum_t w[t] * values[g, t].
    Rows of no segment are left unspecified (the reference leaves zeros). With `narrow` the queries, and the weights relative to the
    largest one so far, are rounded to bf16 before they are multiplied: a bf16 multiplier takes nothing wider. With `span` the sums are taken over that
    many tokens each and joined in order, as attention_partial and attention_combine do: only the order of additions. The cost model counts every row at the longest context.

    ```mlir
    %y = model.attention %q over %cache at %segments, %block_table heads 8 scale 0.17677669529663687
      : tensor<?x256xf32>, !model.cache<64 x 64 x 4 x 32 x bf16>, tensor<?x4xi32>, tensor<4x16xi32> -> tensor<?x256xf32>
    ```
  }];
  let arguments = (ins Model_Activations:$q, Arg<Model_CacheType, "", [MemRead]>:$cache, Model_Table:$segments,
                       Model_Table:$block_table, I64Attr:$heads, F64Attr:$scale, UnitAttr:$narrow, OptionalAttr<I64Attr>:$span);
  let results = (outs Model_Activations:$result);
  let assemblyFormat = [{
    $q `over` $cache `at` $segments `,` $block_table `heads` $heads `scale` $scale (`narrow` $narrow^)? (`span` $span^)? attr-dict
    `:` type($q) `,` type($cache) `,` type($segments) `,` type($block_table) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Model_AttentionPartialOp : Model_AnchorOp<"attention_partial", "attention"> {
  let summary = "attention over each span of the context by itself";
  let description = [{
    For each span s that a row sees, s * span <= p, with tokens t in [s * span, min((s + 1) * span, p + 1)) and x[t] the scaled products of
    `attention` times log2(e): largest[s, h] = max_t x[t]; sums[s, h] = sum_t 2^(x[t] - largest); outputs[s, h] = sum_t 2^(x[t] - largest) * values[g, t].
    Spans that a row does not see are left unspecified, and so are rows of no segment (the reference leaves zeros). Spans and heads are worked
    on by different workers, so that one long sequence occupies all of them; `attention_combine` joins the spans.

    ```mlir
    %o, %m, %l = model.attention_partial %q over %c at %s, %b heads 8 scale 0.17677669529663687 span 512
      : tensor<1x256xf32>, !model.cache<64 x 64 x 4 x 32 x bf16>, tensor<1x4xi32>, tensor<4x16xi32> -> tensor<1x512xf32>, tensor<1x16xf32>, tensor<1x16xf32>
    ```
  }];
  let arguments = (ins Model_Activations:$q, Arg<Model_CacheType, "", [MemRead]>:$cache, Model_Table:$segments,
                       Model_Table:$block_table, I64Attr:$heads, F64Attr:$scale, UnitAttr:$narrow, I64Attr:$span);
  let results = (outs Model_Activations:$outputs, Model_Activations:$largest, Model_Activations:$sums);
  let assemblyFormat = [{
    $q `over` $cache `at` $segments `,` $block_table `heads` $heads `scale` $scale (`narrow` $narrow^)? `span` $span attr-dict
    `:` type($q) `,` type($cache) `,` type($segments) `,` type($block_table) `->` type($outputs) `,` type($largest) `,` type($sums)
  }];
  let hasVerifier = 1;
}

def Model_AttentionCombineOp : Model_AnchorOp<"attention_combine", "combine", [Pure]> {
  let summary = "joins the spans of attention_partial";
  let description = [{
    For row j of a segment {slot, first, rows, context}, over the spans 0 <= s <= (context - rows + j) / span, with M = max_s largest[s, h]:
    y[h] = sum_s 2^(largest[s, h] - M) * outputs[s, h] / sum_s 2^(largest[s, h] - M) * sums[s, h].

    ```mlir
    %y = model.attention_combine %o, %m, %l at %s heads 8 span 512
      : tensor<1x512xf32>, tensor<1x16xf32>, tensor<1x16xf32>, tensor<1x4xi32> -> tensor<1x256xf32>
    ```
  }];
  let arguments = (ins Model_Activations:$outputs, Model_Activations:$largest, Model_Activations:$sums, Model_Table:$segments,
                       I64Attr:$heads, I64Attr:$span);
  let results = (outs Model_Activations:$result);
  let assemblyFormat = [{
    $outputs `,` $largest `,` $sums `at` $segments `heads` $heads `span` $span attr-dict
    `:` type($outputs) `,` type($largest) `,` type($sums) `,` type($segments) `->` type($result)
  }];
  let hasVerifier = 1;
}

#endif
