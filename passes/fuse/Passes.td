// Phase `fuse`: which ops share a kernel.
#ifndef TENON_FUSE_PASSES
#define TENON_FUSE_PASSES

include "mlir/Pass/PassBase.td"

def SplitAttention : Pass<"split-attention", "::mlir::func::FuncOp"> {
  let summary = "Let workers share a sequence where a step has few rows";
  let description = [{
    Attention over a context that may be longer than a span (`attention_span` tokens, more where that would make more than 64 spans)
    gets that `span` in every bucket, so that all of them add in the same order. In steps of up to `split_rows` rows it becomes
    `attention_partial`, whose work is shared by sequence, kv head and span, and `attention_combine`: otherwise a batch of one would keep no
    more workers busy than there are kv heads.
  }];
}

def FormKernels : Pass<"form-kernels", "::mlir::func::FuncOp"> {
  let dependentDialects = ["::tenon::kernel::KernelDialect"];
  let summary = "Put every anchor into a kernel.group of its own";
}

def MergeSiblings : Pass<"merge-siblings", "::mlir::func::FuncOp"> {
  let summary = "Join linear groups that read the same rows, in one weight format, and whose results meet";
  let description = [{
    Two results meet when following them through prologue and elementwise ops reaches the same op, the same group, or groups that work
    on the same cache: q, k and v meet in a layer's attention, gate and up in their product. The joined group reads its input once.
    Linears that share an input but do not meet (attention and MLP side by side) stay apart: their epilogues have nothing in common.
  }];
}

def JoinRotations : Pass<"join-rotations", "::mlir::func::FuncOp"> {
  let summary = "Move the rotations of q and k into the group that writes the cache";
  let description = [{
    The group of a `cache_append` takes the ops that lead the same kind of kernel (rope) and feed only it, or feed only attention over
    the same cache. One launch rotates q and k and writes k and v.
  }];
}

def AbsorbPrologues : Pass<"absorb-prologues", "::mlir::func::FuncOp"> {
  let summary = "Prepare rows inside the linear kernel where that is cheap, in a kernel of their own elsewhere";
  let description = [{
    A chain of row-preparing ops (select_rows, rms_norm, quantize_rows, then casts) that feeds only linear groups is copied into each of them when
    rows <= target.inline_rows and groups * rows * columns * 4 bytes <= 64 KiB: every worker then prepares all rows for itself, which
    costs less than a launch. Otherwise the chain becomes one group with anchor "norm". Prologue ops that no chain takes
    become groups of their own.
  }];
}

def SinkEpilogues : Pass<"sink-epilogues", "::mlir::func::FuncOp"> {
  let summary = "Move elementwise ops into the kernel that makes their last operand";
  let description = [{
    An elementwise op (residual add, activation, mul, cast) joins the group that produces the latest of its operands; the other operands
    become inputs. So a narrowing cast makes the intermediate buffer bf16. A value that is still read elsewhere stays a result of the
    group. Cache groups take no epilogue. Ops with no producer to join become a group with anchor "elementwise".
  }];
}

def OutlineKernels : Pass<"outline-kernels", "::mlir::ModuleOp"> {
  let summary = "Turn groups into kernel.func and launches; equal groups share one";
  let description = [{
    Groups are equal when their anchor, types, ops, attributes and data flow are: names and locations do not count, and weights and
    caches are operands. So the layers of a model share their kernels, and so do programs of the same number of rows. Kernels are named
    anchor_rows_number in order of first use.
  }];
}

def VerifyKernels : Pass<"verify-kernels", "::mlir::ModuleOp"> {
  let summary = "Check what the phase `fuse` promises to the emitters";
  let description = [{
    Functions hold only get_weight, get_cache, kernel.launch and return, and every kernel is launched. In a linear kernel all linears
    share one input, which alone the ops before them feed, and only elementwise ops follow. In other kernels prologue ops
    and the one anchor come first, elementwise ops last.
  }];
}

#endif
