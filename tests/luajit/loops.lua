local a, b, c, d, e, f, g, h = 1, 2, 3, 4, 5, 6, 7, 8
for i = 1, 300 do a, b, c, d, e, f, g, h = b, c, d, e, f, g, h, a + i end
print(a, b, c, d, e, f, g, h)
local x = {1.5, 2.5}
for i = 1, 100 do x[1], x[2] = x[2], x[1] + i end
print(x[1], x[2])
local n = 0
for i = 1, 40 do for j = 1, 40 do if (i + j) % 3 == 0 then n = n + i elseif i > j then n = n - j else n = n + 1 end end end
print(n)
local i, s = 0, 0
while i < 500 do i = i + 1; if i % 7 == 0 then s = s + i else s = s - 1 end end
print(i, s)
repeat s = s - 3; n = n + 1 until s < 0
print(s, n)
for k = 10, 1, -1 do for m = 0.5, 20, 0.25 do s = s + k * m end end
print(s)
local v = {}
for k = 1, 30 do v[k] = k end
local w0,w1,w2,w3,w4,w5,w6,w7,w8,w9,wa,wb,wc,wd,we,wf,wg,wh,wi,wj = 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20
for k = 1, 200 do
  w0=w0+w1 w1=w1+w2 w2=w2-w3 w3=w3+k w4=w4+w5*0.5 w5=w5+w6 w6=w6-w7*0.25 w7=w7+k w8=w8+w9 w9=w9-w0*0.001
  wa=wa+wb wb=wb+wc wc=wc-wd wd=wd+k we=we+wf*0.5 wf=wf+wg wg=wg-wh*0.25 wh=wh+k wi=wi+wj wj=wj-wa*0.001
  if k % 31 == 0 then w0 = w0 - wj end
end
print(w0,w1,w2,w3,w4,w5,w6,w7,w8,w9,wa,wb,wc,wd,we,wf,wg,wh,wi,wj)
