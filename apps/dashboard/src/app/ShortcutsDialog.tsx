import controls from '../design/controls.module.css';
import { Modal } from '../design/Modal';
import { setPreferences, usePreferences } from './preferences';
import styles from './shell.module.css';

const SHORTCUTS: readonly (readonly [keys: string, what: string])[] = [
  ['Ctrl K', 'Find pages, SKUs, vehicles, cards'],
  ['1 2 3 4', 'Flow, Fraud, Stock, Fleet'],
  ['/', 'Search on this page'],
  ['↑ ↓', 'Walk through rows'],
  ['Esc', 'Close the detail, leave a tool'],
  ['Space', 'Fraud: pause and go on'],
  ['m', 'Fleet: map or table'],
  ['+ − 0', 'Fleet: closer, further, the whole map'],
  ['t', 'Dark or light'],
  ['d', 'Comfortable or dense rows'],
  ['?', 'This list'],
];

export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const { keys } = usePreferences();
  return (
    <Modal label="Keyboard shortcuts" onClose={onClose}>
      <div className={styles['shortcuts']}>
        <h2>Keyboard</h2>
        <dl>
          {SHORTCUTS.map(([key, what]) => (
            <div key={key}>
              <dt>
                {key.split(' ').map((part) => (
                  <kbd key={part}>{part}</kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <footer>
          <label>
            <input
              type="checkbox"
              checked={keys === 'on'}
              onChange={(event) => setPreferences({ keys: event.target.checked ? 'on' : 'off' })}
            />
            Single keys act
          </label>
          <button type="button" className={controls['button']} onClick={onClose}>
            Close
          </button>
        </footer>
      </div>
    </Modal>
  );
}
