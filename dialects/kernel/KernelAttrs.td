#ifndef TENON_KERNEL_ATTRS
#define TENON_KERNEL_ATTRS

include "dialects/kernel/KernelBase.td"

def Kernel_TargetAttr : AttrDef<Kernel_Dialect, "Target"> {
  let mnemonic = "target";
  let summary = "a resolved target: what it can do and its numbers, so that passes name no target";
  let description = [{
    `spec` is what the user typed, resolved ("cpu:x86-64-v4"); `features` LLVM feature names, sorted, each with its sign; `numbers`
    the figures that passes read: vector_bits, registers, inline_rows, weight_streams, prefetch_bytes, l1_bytes, l2_bytes, ...
    (docs/targets.md). `dot` is the multiplier for 16-bit weights: "fma", "bf16" (vdpbf16ps) or "amx".
  }];
  let parameters = (ins StringRefParameter<"spec">:$spec, StringRefParameter<"LLVM triple">:$triple, StringRefParameter<"LLVM CPU">:$cpu,
                        "::mlir::ArrayAttr":$features, StringRefParameter<"fma, bf16 or amx">:$dot, "::mlir::DictionaryAttr":$numbers);
  let assemblyFormat = "`<` $spec `,` $triple `,` $cpu `,` $features `,` $dot `,` $numbers `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    // A number of the table; a missing name is a bug in the target's table and ends the process with a message.
    int64_t number(::llvm::StringRef name) const;
    bool hasFeature(::llvm::StringRef name) const; // without sign
    // The multiplier for 8-bit activations, by features: "amx", "vnni", "maddwd" (AVX2), "usdot" or "widen".
    ::llvm::StringRef getCodeDot() const;
  }];
}

def Kernel_PackedAttr : AttrDef<Kernel_Dialect, "Packed", [DeclareAttrInterfaceMethods<RecipeStep>]> {
  let mnemonic = "packed";
  let summary = "weight layout [ceil(N/n)][ceil(K/k)][n][k], zero padded; the last step of a recipe";
  let description = [{
    For a weight [N, K]: element (o, i) lies at ((o / n) * ceil(K / k) + i / k) * n * k + (o % n) * k + i % k.
    Example: `#kernel.packed<n = 16, k = 2>`.
  }];
  let parameters = (ins "int64_t":$n, "int64_t":$k);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Kernel_TilingAttr : AttrDef<Kernel_Dialect, "Tiling"> {
  let mnemonic = "tiling";
  let summary = "the schedule of one kernel";
  let description = [{
    `dot`: multiplier ("fma", "bf16", "amx"; for 8-bit activations "vnni", "maddwd", "usdot", "widen", "amx"). `rows` x `panels`: accumulators in registers (panels are 16 columns). `depth`: columns of
    the input per cache block (0: all). `streams`: weight panels read side by side. `prefetch`: bytes ahead, 0 for none.
    An anchor that lacks a dimension leaves it 1 or 0.
  }];
  let parameters = (ins StringRefParameter<"dot">:$dot, "int64_t":$rows, "int64_t":$panels, "int64_t":$depth, "int64_t":$streams,
                        "int64_t":$prefetch);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

#endif
