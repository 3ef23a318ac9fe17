#include "codegen/cpu/CodeView.h"
#include <algorithm>

using namespace tenon;
using namespace tenon::codegen::cpu;

// Inputs that share both scales, 0 for the whole depth.
static int64_t segmentOf(qt::Storage storage, qt::RowLayout x) {
  return storage.group && x.group ? std::min(storage.group, x.group) : std::max(storage.group, x.group);
}

bool CodeView::canWalk(qt::Storage storage, qt::RowLayout x) {
  int64_t segment = segmentOf(storage, x);
  return x.sums == segment && x.zero == storage.rowZero() &&
         (segment == 0 || (storage.group % segment == 0 && x.group % segment == 0));
}

CodeView CodeView::packed(qt::Storage storage, qt::RowLayout x) {
  CodeView view;
  qt::PanelLayout panel(storage, x.columns);
  view.storage = storage;
  view.bits = storage.bits;
  view.segment = segmentOf(storage, x);
  if (view.scalesAtEnd()) {
    view.start = panel.headBytes();
    view.unitInputs = view.isWhole() ? view.inputsPerLine() : view.segment;
    view.unitBytes = view.unitInputs / view.inputsPerLine() * qt::kLineBytes;
    return view;
  }
  view.wideScales = false;
  view.unitInputs = panel.groupsPerBlock() * storage.group;
  view.unitBytes = panel.blockBytes();
  view.head = panel.headBytes();
  view.groupStride = panel.linesPerGroup() * qt::kLineBytes;
  view.scaleStride = view.scaleBytes = panel.scaleBytes();
  return view;
}

CodeView CodeView::staged() const {
  CodeView view = *this;
  int64_t groups = unitInputs / storage.group;
  view.bits = 8;
  view.isStaged = true;
  view.wideScales = true;
  view.start = 0;
  view.scaleBytes = 64;
  view.head = storage.zeroPoints ? 128 : 64;
  view.scaleStride = view.groupStride = view.head + storage.group / view.inputsPerLine() * qt::kLineBytes;
  view.unitBytes = groups * view.groupStride;
  return view;
}
