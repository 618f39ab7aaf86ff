; refused: @f: %x = load x86_fp80, ptr %p, align 16: the type x86_fp80
target triple = "x86_64-pc-linux-gnu"
define void @f(ptr %p) {
  %x = load x86_fp80, ptr %p
  %r = fadd x86_fp80 %x, %x
  store x86_fp80 %r, ptr %p
  ret void
}
