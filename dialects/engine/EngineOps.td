#ifndef TENON_ENGINE_OPS
#define TENON_ENGINE_OPS

include "dialects/engine/EngineAttrs.td"

def Engine_VariantOp : Engine_Op<"variant", [IsolatedFromAbove, SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "the plan for one target";
  let description = [{
    The sizes are bytes of the regions: `arena` activations of one step, `io` step inputs and outputs, `kv` keys and values of all
    layers, `weights` one size for each weight segment; the first three are multiples of 4096. Every slice below lies inside its region, io and kv buffers are disjoint,
    and every launched kernel is listed.

    ```mlir
    engine.variant "cpu:x86-64-v4" arena 4096 io 4096 kv 8192 weights [65536] {
      engine.io "tokens" : tensor<16xi32> at #engine.slice<io, 0, 0, 64>
      engine.kernel @gather_16_0 "gather" flops 0 weight_bytes 1024 activation_bytes 1088 args 3 prologue "" epilogue ""
      engine.program "body" rows 16 {
        engine.launch @gather_16_0 [#engine.slice<io, 0, 0, 64>, #engine.slice<weights, 0, 0, 65536>, #engine.slice<arena, 0, 0, 1024>]
      }
    }
    ```
  }];
  let arguments = (ins StrAttr:$target, I64Attr:$arena_bytes, I64Attr:$io_bytes, I64Attr:$kv_bytes, DenseI64ArrayAttr:$weight_bytes);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $target `arena` $arena_bytes `io` $io_bytes `kv` $kv_bytes `weights` $weight_bytes attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    // Bytes of the region that `slice` lies in; 0 for a weight segment that does not exist.
    uint64_t regionBytes(SliceAttr slice);
    // What the engine takes in memory: all weight segments, kv, io and arena.
    uint64_t totalBytes();
  }];
}

def Engine_IoOp : Engine_Op<"io", [HasParent<"VariantOp">]> {
  let summary = "a named buffer between the runtime and the programs, sized for the largest bucket";
  let description = [{
    A program for fewer rows uses the buffer's first rows. Names: docs/formats/engine.md.

    ```mlir
    engine.io "tokens" : tensor<16xi32> at #engine.slice<io, 0, 0, 64>
    ```
  }];
  let arguments = (ins StrAttr:$name, TypeAttrOf<AnyStaticShapeTensor>:$type, Engine_SliceAttr:$slice);
  let assemblyFormat = "$name `:` $type `at` $slice attr-dict";
  let hasVerifier = 1;
}

def Engine_KvOp : Engine_Op<"kv", [HasParent<"VariantOp">]> {
  let summary = "where the key pages and the value pages of one layer lie";
  let description = [{
    ```mlir
    engine.kv @"layers.0.cache" keys #engine.slice<kv, 0, 0, 4096> values #engine.slice<kv, 0, 4096, 4096>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$cache, Engine_SliceAttr:$keys, Engine_SliceAttr:$values);
  let assemblyFormat = "$cache `keys` $keys `values` $values attr-dict";
  let hasVerifier = 1;
}

def Engine_KernelOp : Engine_Op<"kernel", [HasParent<"VariantOp">]> {
  let summary = "a kernel of the variant's code and the work of one launch with all rows in use";
  let description = [{
    `flops` counts a multiply-add as two, `weight_bytes` the stored bytes of weights that one launch reads, `activation_bytes` the activations it reads and
    writes (the KV cache is not counted), `args` the pointers it takes: operands, then results. `prologue` and `epilogue` name the
    model ops before and after the anchor, in order, separated by commas. `by` is the multiplier of the kernel's tiling.

    ```mlir
    engine.kernel @linear_1_0 "linear" flops 131072 weight_bytes 131072 activation_bytes 2048
      args 5 prologue "rms_norm" epilogue "activation,mul" by "bf16"
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$symbol, StrAttr:$anchor, I64Attr:$flops, I64Attr:$weight_bytes, I64Attr:$activation_bytes,
                       I64Attr:$arg_count, StrAttr:$prologue, StrAttr:$epilogue, OptionalAttr<StrAttr>:$multiplier);
  let assemblyFormat = [{
    $symbol $anchor `flops` $flops `weight_bytes` $weight_bytes `activation_bytes` $activation_bytes
    `args` $arg_count `prologue` $prologue `epilogue` $epilogue (`by` $multiplier^)? attr-dict
  }];
  let hasVerifier = 1;
}

def Engine_ProgramOp : Engine_Op<"program", [HasParent<"VariantOp">, SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "the steps of one entry for one number of rows, run in order";
  let description = [{
    `entry` is `body` (token rows to hidden rows) or `head` (selected hidden rows to logits).

    ```mlir
    engine.program "head" rows 1 { ... }
    ```
  }];
  let arguments = (ins StrAttr:$entry, I64Attr:$rows);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$entry `rows` $rows attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

class Engine_StepOp<string mnemonic> : Engine_Op<mnemonic, [HasParent<"ProgramOp">]>;

def Engine_LaunchOp : Engine_StepOp<"launch"> {
  let summary = "runs a kernel on all workers and waits";
  let description = [{
    One slice for each operand of the kernel, two for a cache (keys, values), then one for each result.

    ```mlir
    engine.launch @norm_16_0 [#engine.slice<arena, 0, 0, 1024>, #engine.slice<weights, 0, 64, 64>, #engine.slice<arena, 0, 1024, 1024>]
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Engine_SliceArray:$args);
  let assemblyFormat = "$kernel $args attr-dict";
}

def Engine_CopyOp : Engine_StepOp<"copy"> {
  let summary = "copies a slice to another of the same size";
  let description = [{
    ```mlir
    engine.copy #engine.slice<io, 0, 0, 64> from #engine.slice<arena, 0, 0, 64>
    ```
  }];
  let arguments = (ins Engine_SliceAttr:$to, Engine_SliceAttr:$from);
  let assemblyFormat = "$to `from` $from attr-dict";
  let hasVerifier = 1;
}

def Engine_CollectiveOp : Engine_StepOp<"collective"> {
  let summary = "exchanges a slice between the ranks, in place";
  let description = [{
    `kind` is `all_reduce` (sum) or `all_gather`.

    ```mlir
    engine.collective "all_reduce" #engine.slice<arena, 0, 0, 1024>
    ```
  }];
  let arguments = (ins StrAttr:$kind, Engine_SliceAttr:$slice);
  let assemblyFormat = "$kind $slice attr-dict";
  let hasVerifier = 1;
}

#endif
