#ifndef TENON_KERNEL_OPS
#define TENON_KERNEL_OPS

include "dialects/kernel/KernelAttrs.td"

def Kernel_GroupOp : Kernel_Op<"group", [DeclareOpInterfaceMethods<ReferenceEvaluation>, IsolatedFromAbove, RecursiveMemoryEffects, SingleBlock, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "ops that will share a kernel, still in place";
  let description = [{
    Formed by `form-kernels`, grown by `absorb-prologues`, `sink-epilogues` and `merge-siblings`, moved out by `outline-kernels`.

    ```mlir
    %y = kernel.group "linear" (%x, %gain, %w) : (tensor<16x256xf32>, tensor<256xf32>, tensor<704x256xbf16>) -> tensor<16x704xf32> {
    ^bb0(%a: tensor<16x256xf32>, %g: tensor<256xf32>, %b: tensor<704x256xbf16>):
      %n = model.rms_norm %a, %g eps 1.0e-05 : tensor<16x256xf32>, tensor<256xf32> -> tensor<16x256xf32>
      %r = model.linear %n, %b : tensor<16x256xf32>, tensor<704x256xbf16> -> tensor<16x704xf32>
      kernel.yield %r : tensor<16x704xf32>
    }
    ```
  }];
  let arguments = (ins StrAttr:$anchor, Variadic<AnyType>:$inputs);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$anchor `(` $inputs `)` attr-dict `:` functional-type($inputs, $results) $body";
  let hasVerifier = 1;
}

def Kernel_FuncOp : Kernel_Op<"func", [IsolatedFromAbove, SingleBlock, Symbol, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "a kernel: a region of model ops around one anchor";
  let description = [{
    ```mlir
    kernel.func @linear_0 "linear" (tensor<16x256xf32>, tensor<704x256xbf16>) -> tensor<16x704xf32>
        layouts [unit, #kernel.packed<n = 16, k = 2>] {
    ^bb0(%x: tensor<16x256xf32>, %w: tensor<704x256xbf16>):
      %y = model.linear %x, %w : tensor<16x256xf32>, tensor<704x256xbf16> -> tensor<16x704xf32>
      kernel.yield %y : tensor<16x704xf32>
    }
    ```

    Code: `void sym_name(void *const *args, uint32_t worker, uint32_t workers)`; args are the operands in order, then the results.
    `layouts` gives for each operand `unit` (row-major, caches, tables) or the `#kernel.packed` layout of a weight operand.
    `target`, `tiling` and `layouts` appear with `choose-tiling`.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$anchor, TypeAttrOf<FunctionType>:$function_type,
                       OptionalAttr<Kernel_TargetAttr>:$target, OptionalAttr<Kernel_TilingAttr>:$tiling, OptionalAttr<ArrayAttr>:$layouts);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name $anchor $function_type (`target` $target^)? (`tiling` $tiling^)? (`layouts` $layouts^)? attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    // The packed layout of operand `index`, null where it is row-major.
    ::tenon::kernel::PackedAttr getLayout(unsigned index);
  }];
}

def Kernel_YieldOp : Kernel_Op<"yield", [Pure, Terminator, ReturnLike, ParentOneOf<["GroupOp", "FuncOp"]>]> {
  let summary = "the results of a kernel";
  let arguments = (ins Variadic<AnyRankedTensor>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins), [{ }]>];
}

def Kernel_LaunchOp : Kernel_Op<"launch", [DeclareOpInterfaceMethods<ReferenceEvaluation>, DeclareOpInterfaceMethods<SymbolUserOpInterface>, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "runs a kernel on all workers and waits";
  let description = [{
    Reads and writes every cache among its inputs; no other effect. Its reference evaluation is that of the kernel's region.

    ```mlir
    %y = kernel.launch @linear_0(%x, %gain, %w) : (tensor<16x256xf32>, tensor<256xf32>, tensor<704x256xbf16>) -> tensor<16x704xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyType>:$inputs);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = "$kernel `(` $inputs `)` attr-dict `:` functional-type($inputs, $results)";
}

#endif
