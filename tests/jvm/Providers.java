// JitkitProvider against the JVM's own: the same digests and ciphertexts for random input in arrays, direct and mapped
// buffers; what must be refused. With `count` the number of providers, with `named` only whether one is registered, with `time` how long
// digests and AES-GCM take (`time gcm N`: AES-GCM alone, the least of N measurements each, 60), with `lacks` what is left on a CPU without AES.
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.security.Provider;
import java.security.Security;
import java.util.Arrays;
import java.util.Random;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

public class Providers {
    static final Provider JITKIT = new jitkit.JitkitProvider();
    static final Random RANDOM = new Random(5);

    static void check(String what, boolean good) {
        if (good) return;
        System.err.println(what + " is wrong");
        System.exit(3);
    }

    static byte[] random(int size) {
        byte[] bytes = new byte[size];
        RANDOM.nextBytes(bytes);
        return bytes;
    }

    static ByteBuffer direct(byte[] bytes) {
        ByteBuffer b = ByteBuffer.allocateDirect(bytes.length + 7);
        b.position(RANDOM.nextInt(8)).limit(b.position() + bytes.length);
        b.duplicate().put(bytes);
        return b;
    }

    static void digest(String algorithm) throws Exception {
        byte[] bytes = random(RANDOM.nextInt(RANDOM.nextInt(8) == 0 ? 5000 : 400));
        byte[] expected = MessageDigest.getInstance(algorithm, "SUN").digest(bytes);
        MessageDigest d = MessageDigest.getInstance(algorithm, JITKIT);
        int first = RANDOM.nextInt(bytes.length + 1);
        d.update(bytes, 0, first);
        MessageDigest twin = (MessageDigest) d.clone();
        ByteBuffer rest = direct(Arrays.copyOfRange(bytes, first, bytes.length));
        d.update(rest);
        check(algorithm + " of a direct buffer", !rest.hasRemaining() && Arrays.equals(d.digest(), expected));
        twin.update(ByteBuffer.wrap(bytes, first, bytes.length - first).slice());
        check(algorithm + " of a buffer", Arrays.equals(twin.digest(), expected));
        for (byte b : bytes) d.update(b);
        check(algorithm + " by bytes", Arrays.equals(d.digest(), expected));
        d.update(ByteBuffer.wrap(bytes).asReadOnlyBuffer());
        check(algorithm + " of a read-only buffer", Arrays.equals(d.digest(), expected));
    }

    static void mapped(String path) throws Exception {
        byte[] bytes = random(300001);
        try (RandomAccessFile file = new RandomAccessFile(path, "rw")) {
            file.write(bytes);
            MessageDigest d = MessageDigest.getInstance("SHA-256", JITKIT);
            d.update(file.getChannel().map(FileChannel.MapMode.READ_ONLY, 0, bytes.length));
            check("SHA-256 of a mapped file", Arrays.equals(d.digest(), MessageDigest.getInstance("SHA-256", "SUN").digest(bytes)));
        }
    }

    static Cipher cipher(Object provider, int mode, byte[] key, byte[] iv, int tag, byte[] extra) throws Exception {
        Cipher c = provider instanceof Provider ? Cipher.getInstance("AES/GCM/NoPadding", (Provider) provider)
                                                : Cipher.getInstance("AES/GCM/NoPadding", (String) provider);
        c.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(tag, iv));
        c.updateAAD(extra);
        return c;
    }

    static void gcm() throws Exception {
        byte[] key = random(16 + 8 * RANDOM.nextInt(3)), iv = random(RANDOM.nextInt(3) == 0 ? 1 + RANDOM.nextInt(40) : 12);
        byte[] extra = random(RANDOM.nextInt(120)), text = random(RANDOM.nextInt(RANDOM.nextInt(4) == 0 ? 4000 : 300));
        int tag = 96 + 8 * RANDOM.nextInt(5), first = RANDOM.nextInt(text.length + 1), shift = RANDOM.nextInt(20);
        byte[] expected = cipher("SunJCE", Cipher.ENCRYPT_MODE, key, iv, tag, extra).doFinal(text);

        check("GCM", Arrays.equals(cipher(JITKIT, Cipher.ENCRYPT_MODE, key, iv, tag, extra).doFinal(text), expected));
        Cipher c = cipher(JITKIT, Cipher.ENCRYPT_MODE, key, iv, tag, extra);
        byte[] out = new byte[c.getOutputSize(text.length)];
        int n = c.update(text, 0, first, out, 0);
        n += c.doFinal(text, first, text.length - first, out, n);
        check("GCM in parts", n == expected.length && Arrays.equals(out, expected));
        try {
            c.doFinal(text);
            check("GCM with a spent key", false);
        } catch (IllegalStateException e) {
            check("GCM with a spent key", true);
        }
        byte[] place = new byte[shift + expected.length];
        System.arraycopy(text, 0, place, 0, text.length);
        cipher(JITKIT, Cipher.ENCRYPT_MODE, key, iv, tag, extra).doFinal(place, 0, text.length, place, shift);
        check("GCM over itself", Arrays.equals(Arrays.copyOfRange(place, shift, place.length), expected));
        ByteBuffer to = direct(new byte[expected.length]);
        ByteBuffer from = RANDOM.nextBoolean() ? direct(text) : ByteBuffer.wrap(text);
        int start = to.position();
        n = cipher(JITKIT, Cipher.ENCRYPT_MODE, key, iv, tag, extra).doFinal(from, to);
        to.position(start);
        check("GCM in buffers", n == expected.length && to.equals(ByteBuffer.wrap(expected)));

        check("GCM back", Arrays.equals(cipher(JITKIT, Cipher.DECRYPT_MODE, key, iv, tag, extra).doFinal(expected), text));
        ByteBuffer back = ByteBuffer.allocate(text.length);
        cipher(JITKIT, Cipher.DECRYPT_MODE, key, iv, tag, extra).doFinal(direct(expected), back);
        check("GCM back from a direct buffer", Arrays.equals(back.array(), text));
        byte[] wrong = expected.clone();
        wrong[RANDOM.nextInt(wrong.length)] ^= (byte) (1 << RANDOM.nextInt(8));
        byte[] nothing = random(text.length);
        try {
            cipher(JITKIT, Cipher.DECRYPT_MODE, key, iv, tag, extra).doFinal(wrong, 0, wrong.length, nothing, 0);
            check("GCM with a wrong tag", false);
        } catch (AEADBadTagException e) {
            check("text with a wrong tag", Arrays.equals(nothing, new byte[text.length]));
        }
    }

    static void refusals() throws Exception {
        SecretKeySpec key = new SecretKeySpec(new byte[16], "AES");
        GCMParameterSpec iv = new GCMParameterSpec(128, new byte[12]);
        Cipher c = Cipher.getInstance("AES/GCM/NoPadding", JITKIT);
        c.init(Cipher.ENCRYPT_MODE, key, iv);
        c.doFinal(new byte[5]);
        for (boolean between : new boolean[] {false, true}) {
            if (between) c.init(Cipher.DECRYPT_MODE, key, new GCMParameterSpec(128, new byte[13]));
            try {
                c.init(Cipher.ENCRYPT_MODE, key, iv);
                check("an initialisation vector again" + (between ? " after a decryption" : ""), false);
            } catch (java.security.InvalidAlgorithmParameterException e) {
                check("refusal", true);
            }
        }
        for (int bits : new int[] {64, 88, 100}) {
            try {
                c.init(Cipher.DECRYPT_MODE, key, new GCMParameterSpec(bits, new byte[12]));
                check("a tag of " + bits + " bits", false);
            } catch (java.security.InvalidAlgorithmParameterException e) {
                check("refusal", true);
            }
        }
        c.init(Cipher.DECRYPT_MODE, key, iv);
        try {
            c.doFinal(new byte[15]);
            check("less than a tag", false);
        } catch (AEADBadTagException e) {
            check("refusal", true);
        }
        c.init(Cipher.ENCRYPT_MODE, key);
        check("a fresh initialisation vector", c.getIV().length == 12 && c.getParameters() != null);
        try {
            c.doFinal(new byte[20], 0, 20, new byte[35], 0);
            check("a short output", false);
        } catch (javax.crypto.ShortBufferException e) {
            check("refusal", c.doFinal(new byte[20], 0, 20, new byte[36], 0) == 36);
        }
    }

    interface Work {
        void run() throws Exception;
    }
    static int measurements = 60;
    /** Nanoseconds: the least of 60 measurements. */
    static double time(Work work, int count) throws Exception {
        return time(work, count, 60);
    }
    static double time(Work work, int count, int measurements) throws Exception {
        double least = Double.MAX_VALUE;
        for (int turn = 0; turn < measurements; turn++) {
            long start = System.nanoTime();
            for (int n = 0; n < count; n++) work.run();
            least = Math.min(least, (System.nanoTime() - start) / (double) count);
        }
        return least;
    }
    static void times() throws Exception {
        for (String algorithm : new String[] {"SHA-256", "SHA3-256"})
            for (int size : new int[] {64, 4096, 65536})
                for (boolean inArray : new boolean[] {true, false}) {
                    ByteBuffer bytes = inArray ? ByteBuffer.allocate(size) : ByteBuffer.allocateDirect(size);
                    double[] takes = new double[2];
                    for (int n = 0; n < 2; n++) {
                        MessageDigest d = MessageDigest.getInstance(algorithm, n == 0 ? JITKIT : Security.getProvider("SUN"));
                        takes[n] = time(() -> {
                            d.update(bytes.clear());
                            if (size != 64) d.digest();
                        }, 3000000 / (size + 1000));
                    }
                    System.out.printf("%-8s %-6s of %5d bytes, %-6s: %8.0f ns, SUN's %8.0f ns%n", algorithm, size == 64 ? "update" : "digest",
                                      size, inArray ? "array" : "direct", takes[0], takes[1]);
                }
    }

    static void gcmTimes() throws Exception {
        SecretKeySpec key = new SecretKeySpec(random(16), "AES");
        for (int size : new int[] {16384, 1 << 20})
            for (int mode : new int[] {Cipher.ENCRYPT_MODE, Cipher.DECRYPT_MODE}) {
                byte[] text = random(size), out = new byte[size + 16], iv = random(12);
                Cipher first = Cipher.getInstance("AES/GCM/NoPadding", "SunJCE");
                first.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(128, iv));
                byte[] from = mode == Cipher.ENCRYPT_MODE ? text : first.doFinal(text);
                double[][] takes = new double[2][11];  // medians of these; other programs disturb the least of many least
                long[] number = new long[1];
                for (int turn = -4; turn < 11; turn++)  // the first ones warm up
                    for (int n = 0; n < 2; n++) {
                        Cipher c = n == 0 ? Cipher.getInstance("AES/GCM/NoPadding", JITKIT) : Cipher.getInstance("AES/GCM/NoPadding", "SunJCE");
                        takes[n][Math.max(turn, 0)] = time(() -> {
                            if (mode == Cipher.ENCRYPT_MODE) ByteBuffer.wrap(iv).putLong(++number[0]);
                            c.init(mode, key, new GCMParameterSpec(128, iv));
                            c.doFinal(from, 0, from.length, out, 0);
                        }, 3000000 / size + 1, turn < 0 ? 60 : measurements);
                    }
                for (double[] times : takes) Arrays.sort(times);
                System.out.printf("AES-GCM %s of %7d bytes: %8.0f ns, SunJCE's %8.0f ns, %.2f of its speed%n",
                                  mode == Cipher.ENCRYPT_MODE ? "encryption" : "decryption", size, takes[0][5], takes[1][5], takes[1][5] / takes[0][5]);
            }
    }

    /** An empty mapped buffer has no address. */
    static void emptyMapped(String path) throws Exception {
        byte[] key = random(16), iv = random(12), extra = random(20);
        ByteBuffer to = ByteBuffer.allocate(16);
        try (RandomAccessFile file = new RandomAccessFile(path, "r")) {
            ByteBuffer empty = file.getChannel().map(FileChannel.MapMode.READ_ONLY, 0, 0);
            cipher(JITKIT, Cipher.ENCRYPT_MODE, key, iv, 128, extra).doFinal(empty, to);
        }
        check("GCM of an empty mapped file", Arrays.equals(to.array(), cipher("SunJCE", Cipher.ENCRYPT_MODE, key, iv, 128, extra).doFinal()));
    }

    /** JCA takes the next provider for what this one refuses to begin. */
    static void next() throws Exception {
        Security.insertProviderAt(JITKIT, 1);
        SecretKeySpec key = new SecretKeySpec(new byte[16], "AES");
        for (int mode : new int[] {Cipher.ENCRYPT_MODE, Cipher.WRAP_MODE, Cipher.UNWRAP_MODE}) {
            Cipher c = Cipher.getInstance("AES/GCM/NoPadding");
            c.init(mode, key, new GCMParameterSpec(128, new byte[12]));
            String expected = mode == Cipher.ENCRYPT_MODE ? "Jitkit" : "SunJCE", got = c.getProvider().getName();
            check("mode " + mode + " by " + got, got.equals(expected));
            if (mode == Cipher.WRAP_MODE) check("wrapping", c.wrap(key).length == 32);
        }
        Security.removeProvider("Jitkit");
    }

    /** On a CPU without AES: Jitkit has no GCM, and the next provider's is taken. */
    static void lacks() throws Exception {
        try {
            Cipher.getInstance("AES/GCM/NoPadding", JITKIT);
            check("GCM without AES", false);
        } catch (java.security.NoSuchAlgorithmException e) {
            System.out.println(e.getMessage());
        }
        Security.insertProviderAt(JITKIT, 1);
        System.out.println(Cipher.getInstance("AES/GCM/NoPadding").getProvider().getName());
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("count")) {
            System.out.println(Security.getProviders().length);
            return;
        }
        if (arguments[0].equals("named")) {
            System.out.println(MessageDigest.getInstance("SHA-256", "Jitkit").getProvider().getName());
            return;
        }
        if (arguments[0].equals("time")) {
            if (arguments.length == 1) times();
            if (arguments.length == 3) measurements = Integer.parseInt(arguments[2]);
            gcmTimes();
            return;
        }
        if (arguments[0].equals("lacks")) {
            lacks();
            return;
        }
        int rounds = Integer.parseInt(arguments[0]);
        String[] all = {"MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512", "SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512"};
        for (int n = 0; n < rounds; n++) {
            for (String algorithm : all) digest(algorithm);
            gcm();
        }
        mapped(arguments[1]);
        emptyMapped(arguments[1]);
        refusals();
        next();
        System.out.println("equal");
    }
}
