import { chromium, type Browser, type ConsoleMessage, type Page } from 'playwright-core';

/** Draws WebGL in software, so that the map is there on a machine without a graphics card. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
];

export const THEMES = ['dark', 'light'] as const;
export type Theme = (typeof THEMES)[number];

export const launchBrowser = (executable_path: string): Promise<Browser> =>
  chromium.launch({ executablePath: executable_path, args: ARGUMENTS });

export interface View {
  readonly theme: Theme;
  readonly width_px: number;
  readonly height_px: number;
  /** Done to the page before it opens. */
  readonly prepare?: (page: Page) => Promise<void>;
}

const DESKTOP: View = { theme: 'dark', width_px: 1440, height_px: 900 };

/** A page in a profile of its own, and what its console complained about. */
export class OpenPage implements AsyncDisposable {
  private constructor(
    readonly page: Page,
    /** Errors of the page's own code; a lost connection, which the browser reports too, is not one. */
    readonly errors: readonly string[],
  ) {}

  static async open(browser: Browser, url: string, view: Partial<View> = {}): Promise<OpenPage> {
    const { theme, width_px, height_px, prepare } = { ...DESKTOP, ...view };
    const context = await browser.newContext({
      viewport: { width: width_px, height: height_px },
      colorScheme: theme,
      locale: 'en-GB',
      // A flash or a glide would be caught halfway.
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.stack ?? error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !isLostConnection(message)) errors.push(message.text());
    });
    await prepare?.(page);
    await page.goto(url, { waitUntil: 'domcontentloaded' });
    return new OpenPage(page, errors);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}

const isLostConnection = (message: ConsoleMessage): boolean =>
  /ERR_CONNECTION|ERR_SOCKET|ERR_EMPTY_RESPONSE|WebSocket connection to/.test(message.text());

/** Waits until the page has all that it opens with: its session, the first pulse, its streams, on Fleet the drawn roads. */
export async function settled(page: Page): Promise<void> {
  await page.getByRole('main').waitFor();
  await page
    .getByText(/^(Opening|Waiting|Fetching|Drawing)/)
    .first()
    .waitFor({ state: 'hidden' });
  await page.getByText('live', { exact: true }).first().waitFor();
  await page.evaluate('document.fonts.ready');
}
